/** A quantity that is out of all proportion: ten times the largest that this device knows of the product. Asked about once. */

import { largestSeen } from '../store.js';

/** @import { Ctx } from '../types.js' */

const TIMES = 10;

/**
 * PURE
 *
 * @param {number} quantity
 * @param {number} largest ever seen of the same product, 0 where none was
 * @returns {boolean} whether it is at least ten times as much
 */
export function outOfProportion(quantity, largest) {
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
  const largest = Math.max(await largestSeen(code), ...expected);
  if (!outOfProportion(quantity, largest)) return null;
  return ctx.t('{n} is very much: the most ever seen of it here is {m}. Is it right?', { n: ctx.fmt.number(quantity), m: ctx.fmt.number(largest) });
}
