/** PURE: what a count says against the book, per line, per item and in all. */

/** @import { CountedItem, CountedLine, Session } from './count_session.js' */

/** A card is called accurate when its count differs from the book by no more than this share (DOMAIN.md, Formulas). */
export const ACCURATE_SHARE = 0.1;

/**
 * @typedef {object} ItemDifference
 * @property {string} product
 * @property {number} counted
 * @property {number} book of the lines that were on the book
 * @property {number} difference counted minus book, of the lines that were on the book
 * @property {boolean} opening nothing of it was on the book before: its first count, not a difference
 * @property {boolean} agrees every lot that was on the book shows what the book said
 */

/**
 * @param {string} product
 * @param {Pick<CountedItem, 'lines'>} item
 * @returns {ItemDifference}
 */
export function itemDifference(product, item) {
  const known = item.lines.filter((line) => line.book !== null);
  const counted = item.lines.reduce((sum, line) => sum + line.counted, 0);
  const book = known.reduce((sum, line) => sum + (line.book ?? 0), 0);
  const opening = known.length === 0;
  return {
    product, counted, book, opening,
    // A lot first seen while the product was on the book is a surplus: the goods were not known of.
    difference: opening ? 0 : counted - book,
    agrees: opening || item.lines.every((line) => line.counted === (line.book ?? 0)),
  };
}

/**
 * @param {Pick<CountedLine, 'book' | 'counted'>} line
 * @returns {boolean | null} within a tenth of the book; null where there was no book
 */
export function accurate({ book, counted }) {
  if (book === null) return null;
  return book === 0 ? counted === 0 : Math.abs(counted - book) <= Math.abs(book) * ACCURATE_SHARE;
}

/**
 * @param {Session} session
 * @returns {{items: ItemDifference[], agree: number, short: number, over: number, moved: number, opening: number,
 *   accuracy: number | null}} items in counting order; `moved`: total right but lots differ; `accuracy` in
 *   percent of the counted cards, rounded half up, null where none was on the book
 */
export function differences(session) {
  const codes = [...session.products.filter((code) => code in session.items),
    ...Object.keys(session.items).filter((code) => !session.products.includes(code))];
  const items = codes.map((code) => itemDifference(code, /** @type {CountedItem} */ (session.items[code])));
  const cards = codes.flatMap((code) => session.items[code]?.lines ?? []).map(accurate).filter((is) => is !== null);
  return {
    items,
    agree: items.filter((item) => item.agrees && !item.opening).length,
    short: items.filter((item) => item.difference < 0).length,
    over: items.filter((item) => item.difference > 0).length,
    moved: items.filter((item) => item.difference === 0 && !item.agrees).length,
    opening: items.filter((item) => item.opening).length,
    accuracy: cards.length === 0 ? null : Math.floor(cards.filter(Boolean).length * 100 / cards.length + 0.5),
  };
}
