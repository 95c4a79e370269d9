/**
 * PURE: what a facility should order now: each product below its minimum or emergency point, with how much, the most
 * pressing first (DOMAIN.md, Formulas).
 */

import { unfit } from './fefo.js';
import { isEmergency, monthsOfStockTenths, quantityToOrder, stockStatus } from './resupply.js';

/** @import { CardView, Level, Product, ShipmentRow } from './types.js' */

/**
 * @typedef {object} ToOrder
 * @property {Product} row
 * @property {number} on_hand units
 * @property {number} unfit units of those that must not be used
 * @property {number} coming units that others sent and nobody received yet
 * @property {number} amc units a month
 * @property {number} months of stock, in tenths
 * @property {number} order units, in whole packs
 * @property {number} packs
 * @property {'out' | 'emergency' | 'low'} urgency
 */

const RANK = { out: 0, emergency: 1, low: 2 };

/**
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => [string, number]} of
 * @returns {Map<string, number>} sums by key
 */
function sums(all, of) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const one of all) {
    const [key, n] = of(one);
    found.set(key, (found.get(key) ?? 0) + n);
  }
  return found;
}

/**
 * @param {object} known
 * @param {readonly Product[]} known.catalogue
 * @param {readonly CardView[]} known.cards
 * @param {ReadonlyMap<string, Level>} known.levels by product
 * @param {readonly ShipmentRow[]} known.shipments
 * @param {string} today ISO date
 * @returns {ToOrder[]} what is out of stock first, then the fewest months of stock first
 */
export function toOrder({ catalogue, cards, levels, shipments }, today) {
  const held = sums(cards, (card) => [card.product, card.on_hand]);
  const spoiled = sums(cards.filter((card) => card.on_hand > 0 && unfit(card, today) !== null), (card) => [card.product, card.on_hand]);
  const lines = shipments.filter(({ state }) => state === 'expected').flatMap((one) => one.lines).filter(({ received }) => !received);
  const coming = sums(lines, (line) => [line.product, line.quantity]);
  return catalogue.flatMap((row) => {
    const level = levels.get(row.code);
    const on_hand = held.get(row.code) ?? 0;
    const status = stockStatus(on_hand, level);
    const emergency = isEmergency(on_hand, level);
    if (!level || level.maximum === null || level.amc === null || (!emergency && status !== 'stocked_out' && status !== 'understocked')) return [];
    const pack = Math.max(1, row.pack_size ?? 1);
    const order = quantityToOrder(level.maximum, on_hand, pack);
    if (order === 0) return [];
    /** @type {ToOrder} */
    const found = {
      row, on_hand, unfit: spoiled.get(row.code) ?? 0, coming: coming.get(row.code) ?? 0, amc: level.amc, months: monthsOfStockTenths(Math.max(0, on_hand), level.amc),
      order, packs: order / pack, urgency: on_hand <= 0 ? 'out' : emergency ? 'emergency' : 'low',
    };
    return [found];
  }).sort((a, b) => RANK[a.urgency] - RANK[b.urgency] || a.months - b.months || (a.row.name < b.row.name ? -1 : 1));
}

/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * @param {readonly (readonly (string | number)[])[]} rows
 * @returns {string} as comma-separated values (RFC 4180) that no spreadsheet reads as formulas, with the mark that says UTF-8
 */
export function csv(rows) {
  const cell = (/** @type {string | number} */ value) => {
    if (typeof value === 'number') return String(value);
    return `"${(FORMULA.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
