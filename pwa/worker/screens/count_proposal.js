/** PURE: what to count today, and why: what is in doubt, what moved, what was not counted for long, what is worth much. */

/** @import { CardView, Product } from '../types.js' */

const DAY_MS = 86_400_000;
/** A product that was not counted for so many days is proposed. */
export const LONG_DAYS = 90;
/** So often it must have been received, issued or adjusted on this device since its last count. */
const BUSY_TIMES = 10;
/** The dearest so many, or where prices are not known the most, are proposed every month. */
const DEAR_FIRST = 10;
const DEAR_DAYS = 30;
/** No proposal is longer: it is a morning's work. */
export const PROPOSED_MAX = 20;

/** What is in doubt on a card and is settled by a count. */
const DOUBTS = ['negative_stock', 'count_overlap', 'count_backdated', 'variance_changed'];

/**
 * @typedef {{why: 'below'} | {why: 'problem', code: string} | {why: 'busy', times: number} | {why: 'never'}
 *   | {why: 'long', days: number} | {why: 'value', minor: number, currency: string, days: number | null} | {why: 'most', days: number | null}} Cause
 *   minor: of the stock on hand; days: since its last count, null where another cause says that
 */

/** @typedef {{product: string, causes: Cause[]}} Proposed */

/**
 * @typedef {object} Seen of one product
 * @property {Product} row
 * @property {number} on_hand
 * @property {boolean} below whether a card is below zero
 * @property {number | null} counted_at when every card with stock was counted last; null where one never was
 */

/**
 * @param {readonly CardView[]} cards by product
 * @param {readonly Product[]} catalogue
 * @returns {Seen[]} of the products with stock, or less than none
 */
function seen(cards, catalogue) {
  const rows = new Map(catalogue.map((row) => [row.code, row]));
  /** @type {Map<string, Seen>} */
  const found = new Map();
  for (const { product, on_hand, counted_at } of cards) {
    const row = rows.get(product);
    if (!row || on_hand === 0) continue;
    const before = found.get(product);
    found.set(product, {
      row, on_hand: (before?.on_hand ?? 0) + on_hand, below: (before?.below ?? false) || on_hand < 0,
      counted_at: before ? (before.counted_at === null || counted_at === null ? null : Math.min(before.counted_at, counted_at)) : counted_at,
    });
  }
  return [...found.values()];
}

/**
 * @param {Seen} one
 * @returns {number | null} what the stock is worth in minor units, rounded down; null where no price is known
 */
function worth({ row, on_hand }) {
  const { pack_price_minor: price, pack_size } = row;
  return typeof price !== 'number' ? null : Math.floor(Math.max(0, on_hand) * price / Math.max(1, pack_size ?? 1));
}

/**
 * @param {readonly Seen[]} all
 * @returns {Map<string, Extract<Cause, {why: 'value' | 'most'}>>} the dearest of each currency, or the most where no price at all is known
 */
function dearest(all) {
  const priced = all.map((one) => ({ one, minor: worth(one) })).filter(({ minor }) => minor !== null);
  if (priced.length === 0) {
    return new Map(all.filter(({ on_hand }) => on_hand > 0).sort((a, b) => b.on_hand - a.on_hand).slice(0, DEAR_FIRST).map(({ row }) => [row.code, { why: 'most', days: null }]));
  }
  /** @type {ReturnType<typeof dearest>} */
  const found = new Map();
  for (const currency of new Set(priced.map(({ one }) => one.row.pack_price_currency ?? ''))) {
    const own = priced.filter(({ one }) => (one.row.pack_price_currency ?? '') === currency);
    own.sort((a, b) => (b.minor ?? 0) - (a.minor ?? 0)).slice(0, DEAR_FIRST)
      .forEach(({ one, minor }) => found.set(one.row.code, { why: 'value', minor: minor ?? 0, currency, days: null }));
  }
  return found;
}

/** How much each cause weighs; those that put the book in doubt come before what is merely due. @param {Cause} cause */
function weight(cause) {
  if (cause.why === 'below') return 200;
  if (cause.why === 'problem') return 150;
  if (cause.why === 'busy') return 40 + Math.min(40, cause.times);
  if (cause.why === 'never') return 45;
  if (cause.why === 'long') return 20 + Math.min(20, Math.floor(cause.days / 30));
  return 30;
}

/**
 * @param {object} known
 * @param {readonly Product[]} known.catalogue
 * @param {readonly CardView[]} known.cards
 * @param {readonly {product: string, code: string, at: number}[]} known.problems open ones; at: ms since the epoch
 * @param {ReadonlyMap<string, readonly number[]>} known.touches when each product was moved on this device
 * @param {number} now ms since the epoch
 * @returns {Proposed[]} the most pressing first; what was counted today is left out, unless something was found since
 */
export function propose({ catalogue, cards, problems, touches }, now) {
  const all = seen(cards, catalogue);
  const dear = dearest(all);
  const active = new Set(catalogue.map(({ code }) => code));
  /** @type {Map<string, Cause[]>} */
  const causes = new Map();
  const add = (/** @type {string} */ code, /** @type {Cause} */ cause) => {
    const known = causes.get(code);
    if (known) known.push(cause);
    else causes.set(code, [cause]);
  };
  const counted = new Map(all.map((one) => [one.row.code, one.counted_at ?? 0]));
  for (const { row, below, counted_at } of all) {
    const days = counted_at === null ? null : Math.floor((now - counted_at) / DAY_MS);
    const times = (touches.get(row.code) ?? []).filter((at) => at > (counted_at ?? 0)).length;
    const valued = dear.get(row.code);
    if (below) add(row.code, { why: 'below' });
    if (times >= BUSY_TIMES) add(row.code, { why: 'busy', times });
    if (days === null) add(row.code, { why: 'never' });
    else if (days >= LONG_DAYS) add(row.code, { why: 'long', days });
    if (valued && (days === null || days >= DEAR_DAYS)) add(row.code, { ...valued, days: days === null || days >= LONG_DAYS ? null : days });
  }
  for (const { product, code, at } of problems) {
    if (!DOUBTS.includes(code) || !active.has(product) || (counted.get(product) ?? 0) > at) continue;
    const told = causes.get(product)?.some((cause) => cause.why === 'below' || (cause.why === 'problem' && cause.code === code));
    if (!told || code !== 'negative_stock') add(product, { why: 'problem', code });
  }
  return [...causes].map(([product, found]) => ({ product, causes: found, weight: found.reduce((sum, cause) => sum + weight(cause), 0) }))
    .sort((a, b) => b.weight - a.weight || (a.product < b.product ? -1 : 1))
    .slice(0, PROPOSED_MAX).map(({ product, causes: found }) => ({ product, causes: found }));
}
