/** PURE: how much of a lot will be left when it expires, if consumption goes on as it does (DOMAIN.md, Formulas). */

import { byExpiry } from './fefo.js';

/** @import { CardView } from './types.js' */

const DAY_MS = 86_400_000;
/** Days in a month, as the normalised consumption takes it. */
const MONTH_DAYS = 30;

/**
 * @param {string} date ISO date
 * @param {number} months
 * @returns {string} the same day of a later month, or that month's last
 */
export function monthsLater(date, months) {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10);
}

/**
 * First expired, first out over the lots of one product: each is used from the day on which the one before it is used
 * up, through the day of its own expiry. Lots without a date are used last and are never at risk.
 *
 * @template {Pick<CardView, 'lot' | 'expiry' | 'on_hand'>} C
 * @param {readonly C[]} cards of one product
 * @param {number} amc units a month, 0 or more
 * @param {string} today ISO date
 * @returns {{card: C, left: number}[]} those with stock, first to expire first; `left` at expiry, in whole units rounded up
 */
export function atRisk(cards, amc, today) {
  let used_up = 0;
  return cards.filter((card) => card.on_hand > 0).sort((a, b) => byExpiry(/** @type {any} */ (a), /** @type {any} */ (b))).map((card) => {
    if (card.expiry === null) return { card, left: 0 };
    const days = (Date.parse(card.expiry) - Date.parse(today)) / DAY_MS + 1;
    const used = Math.min(card.on_hand, Math.floor((amc * Math.max(0, days - used_up)) / MONTH_DAYS));
    if (amc > 0) used_up += (used * MONTH_DAYS) / amc;
    return { card, left: card.on_hand - used };
  });
}
