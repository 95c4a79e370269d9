/** A quantity that is out of all proportion: ten times the largest that this device knows of the product. Asked about once. */

import { cardView, movements } from '../store.js';

/** @import { Ctx } from '../types.js' */

const TIMES = 10;

/**
 * PURE
 *
 * @param {number} quantity
 * @param {readonly number[]} known quantities of the same product
 * @returns {boolean} whether it is at least ten times the largest of them; false where none is known
 */
export function outOfProportion(quantity, known) {
  const largest = Math.max(0, ...known.map(Math.abs));
  return largest > 0 && quantity >= TIMES * largest;
}

/**
 * @param {Ctx} ctx
 * @param {string} code of the product
 * @param {number} quantity in dispensing units
 * @param {readonly number[]} [expected] what else is known of it, such as what was sent
 * @returns {Promise<string | null>} the question to ask; null where the figure is nothing special
 */
export async function absurdity(ctx, code, quantity, expected = []) {
  const [cards, moved] = await Promise.all([cardView(code), movements(code)]);
  const known = [...expected, cards.reduce((sum, card) => sum + card.on_hand, 0), ...moved.flatMap(({ lines }) => lines.map((line) => line.quantity))];
  if (!outOfProportion(quantity, known)) return null;
  const largest = Math.max(...known.map(Math.abs));
  return ctx.t('{n} is very much: the most ever seen of it here is {m}. Is it right?', { n: ctx.fmt.number(quantity), m: ctx.fmt.number(largest) });
}
