/** PURE: first expired, first out. Which lots an issue is taken from, expired ones left alone. */

import { expiryState } from './expiry.js';

/** @import { CardView } from './types.js' */

/** @typedef {{card: CardView, quantity: number}} Pick */

/**
 * @param {CardView} a
 * @param {CardView} b
 * @returns {number} first to expire first, an unknown expiry last, then by lot number
 */
export function byExpiry(a, b) {
  const [left, right] = [a.expiry ?? '9999', b.expiry ?? '9999'];
  if (left !== right) return left < right ? -1 : 1;
  return a.lot < b.lot ? -1 : a.lot > b.lot ? 1 : 0;
}

/**
 * The cards an issue may be taken from, in the order in which to take them.
 *
 * @param {readonly CardView[]} cards of one product
 * @param {string} today ISO date
 * @returns {CardView[]} those with stock that has not expired
 */
export function usable(cards, today) {
  return cards.filter((card) => card.on_hand > 0 && expiryState(card.expiry, today) !== 'expired').sort(byExpiry);
}

/**
 * Spread a quantity over the lots. What goes beyond the book is put on the last lot that may be used: goods
 * that left the shelf have left it, and the server flags the card for a count.
 *
 * @param {readonly CardView[]} cards of one product
 * @param {number} wanted in dispensing units
 * @param {string} today ISO date
 * @returns {{picks: Pick[], beyond: number}} no picks where no lot may be used; `beyond` is what the book does not have
 */
export function allocate(cards, wanted, today) {
  /** @type {Pick[]} */
  const picks = [];
  let left = wanted;
  for (const card of usable(cards, today)) {
    if (left === 0) break;
    const quantity = Math.min(card.on_hand, left);
    picks.push({ card, quantity });
    left -= quantity;
  }
  const last = picks.at(-1);
  if (last) last.quantity += left;
  return { picks, beyond: left };
}
