/** PURE: the figures of one item as they stand in the form: its lots, what was typed beside each, what is wrong with it. */

import { byExpiry } from '../fefo.js';
import { parseQuantity } from '../../page/quantity.js';

/** A figure so many times the largest one ever seen of a product is asked about. */
const ABSURD_TIMES = 10;

/** @import { CardView, Line } from '../types.js' */
/** @import { CountedLine } from './count_session.js' */

/**
 * @typedef {object} EntryRow
 * @property {string} lot '' where absent, like location and account
 * @property {string | null} expiry
 * @property {string} location
 * @property {string} account
 * @property {string} typed as it was typed, '' while nothing was
 */

/** @typedef {'empty' | 'number' | 'negative' | 'zero' | 'large'} Fault */

/**
 * @param {{lot: string, location: string, account: string}} card
 * @returns {string}
 */
export function rowKey({ lot, location, account }) {
  return JSON.stringify([lot, location, account]);
}

/**
 * @param {URLSearchParams} form with fields `card`, `expiry` and `counted`, one of each a row
 * @returns {EntryRow[]} in the order of the form; rows that cannot be read are left out
 */
export function rowsOfForm(form) {
  const [expiries, counted] = [form.getAll('expiry'), form.getAll('counted')];
  return form.getAll('card').flatMap((text, i) => {
    let key;
    try {
      key = JSON.parse(text);
    } catch {
      return [];
    }
    if (!Array.isArray(key) || key.length !== 3 || key.some((part) => typeof part !== 'string')) return [];
    const [lot, location, account] = key;
    return [{ lot, location, account, expiry: expiries[i] || null, typed: counted[i] ?? '' }];
  });
}

/**
 * The rows to show: every lot that the book has stock of, then those that were added by hand; a product
 * without any gets one row without a lot.
 *
 * @param {readonly CardView[]} cards of the product
 * @param {readonly EntryRow[]} kept half typed before
 * @param {string} [location] where the row without a lot is
 * @returns {EntryRow[]}
 */
export function rowsToCount(cards, kept, location = '') {
  const typed = new Map(kept.map((row) => [rowKey(row), row.typed]));
  const rows = cards.filter((card) => card.on_hand !== 0).sort(byExpiry).map((card) => ({
    lot: card.lot, expiry: card.expiry, location: card.location, account: card.account, typed: typed.get(rowKey(card)) ?? '',
  }));
  const shown = new Set(rows.map(rowKey));
  const added = kept.filter((row) => !shown.has(rowKey(row)) && (row.lot !== '' || row.typed !== ''));
  const all = [...rows, ...added];
  return all.length > 0 ? all : [{ lot: '', expiry: null, location, account: '', typed: '' }];
}

/**
 * @param {readonly EntryRow[]} rows
 * @param {readonly CardView[]} cards of the product
 * @param {boolean} zero save a lot of the book without a figure as 0: it was not seen
 * @returns {{faults: Map<number, Fault>, unseen: number[], lines: CountedLine[]}} `faults` by row; `unseen`: rows of
 *   lots on the book without a figure, empty when `zero`; `lines` are whole only where both are empty
 */
export function checkEntry(rows, cards, zero) {
  const book = new Map(cards.map((card) => [rowKey(card), card]));
  /** @type {Map<number, Fault>} */
  const faults = new Map();
  /** @type {number[]} */
  const unseen = [];
  /** @type {CountedLine[]} */
  const lines = [];
  rows.forEach((row, i) => {
    const card = book.get(rowKey(row));
    const read = parseQuantity(row.typed);
    if (!read.ok && read.error !== 'empty') {
      faults.set(i, read.error);
      return;
    }
    if (!read.ok && !zero) {
      if (card && card.on_hand !== 0) unseen.push(i);
      return;
    }
    // With "save as 0", a lot that was added by hand and left empty was not seen either, but has no card to empty.
    if (!read.ok && !card) return;
    lines.push({
      lot: row.lot, expiry: row.expiry, location: row.location, account: row.account,
      book: card ? card.on_hand : null, counted: read.ok ? read.value : 0,
    });
  });
  if (lines.length === 0 && faults.size === 0 && (unseen.length === rows.length || unseen.length === 0)) {
    return { faults: new Map([[0, 'empty']]), unseen: [], lines };
  }
  return { faults, unseen: faults.size > 0 ? [] : unseen, lines };
}

/**
 * @param {readonly EntryRow[]} rows
 * @param {number} largest ever seen of the product, 0 where nothing was
 * @returns {{row: number, value: number} | null} the largest figure that can hardly be meant
 */
export function absurd(rows, largest) {
  const [first] = rows.map(({ typed }, row) => ({ row, read: parseQuantity(typed) }))
    .flatMap(({ row, read }) => (read.ok && largest > 0 && read.value > largest * ABSURD_TIMES ? [{ row, value: read.value }] : []))
    .sort((a, b) => b.value - a.value);
  return first ?? null;
}

/**
 * @param {string} product
 * @param {readonly CountedLine[]} lines
 * @returns {Line[]} as they go over the wire
 */
export function wireLines(product, lines) {
  return lines.map(({ lot, expiry, location, account, counted, reasons = [] }) => ({
    product, lot: lot === '' ? null : { number: lot, expiry }, counted, ...(reasons.length > 0 && { reasons }),
    ...(location !== '' && { location }), ...(account !== '' && { account }),
  }));
}
