/**
 * PURE: which lots an issue is taken from, and in which order: first expired, first out, and before that those whose
 * vaccine vial monitor (VVM) has begun to turn, as WHO says. What must not be used is left alone.
 */

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

/** The location of what was set apart: it is on the book and must not be used. */
export const QUARANTINE = 'QUARANTINE';

/** From this VVM stage on a vial must not be used: its square is as dark as the ring around it. */
export const DISCARD_STAGE = 3;

/**
 * @param {{vvm?: number | null}} card
 * @returns {boolean} whether it was seen past the discard point
 */
export function pastDiscard({ vvm }) {
  return (vvm ?? 0) >= DISCARD_STAGE;
}

/**
 * @param {{expiry: string | null, location?: string, vvm?: number | null, recalled?: boolean}} card
 * @param {string} today ISO date; '' for a return, for what must not be used is just what goes back
 * @returns {'expired' | 'vvm' | 'recalled' | null} why it must not go out
 */
export function unfit(card, today) {
  if (today === '') return null;
  if (card.recalled || card.location === QUARANTINE) return 'recalled';
  if (expiryState(card.expiry, today) === 'expired') return 'expired';
  return pastDiscard(card) ? 'vvm' : null;
}

/**
 * @param {CardView} a
 * @param {CardView} b
 * @returns {number} the later VVM stage first, a lot without one being as good as new; then by expiry
 */
export function byStage(a, b) {
  return (b.vvm ?? 1) - (a.vvm ?? 1) || byExpiry(a, b);
}

/**
 * The cards an issue may be taken from, in the order in which to take them.
 *
 * @param {readonly CardView[]} cards of one product
 * @param {string} today ISO date, '' as above
 * @returns {CardView[]} those with stock that may be used
 */
export function usable(cards, today) {
  return cards.filter((card) => card.on_hand > 0 && unfit(card, today) === null).sort(byStage);
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
