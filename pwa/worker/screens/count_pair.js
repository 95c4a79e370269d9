/** PURE: two people's figures of one product: whether they agree, though stock moved in between, and what they say as of now. */

import { rowKey } from './count_entry.js';

/** @import { CardView } from '../types.js' */
/** @import { CountedLine, Pair, Session } from './count_session.js' */

/**
 * Who counts this product, as one of two.
 *
 * @param {Session} session
 * @param {string} code
 * @param {string} user
 * @returns {'alone' | 'first' | 'second' | 'decide'} decide: two have counted it already
 */
export function turn({ two, items, pairs }, code, user) {
  if (!two) return 'alone';
  const tallies = code in items ? [] : pairs[code]?.tallies ?? [];
  if (tallies.length === 2) return 'decide';
  return tallies.length === 0 || tallies[0]?.by === user ? 'first' : 'second';
}

/**
 * @param {readonly CountedLine[]} lines
 * @returns {Map<string, number>} what each lot was off the book, by its key; lots that were right are left out
 */
function off(lines) {
  return new Map(lines.map((line) => /** @type {const} */ ([rowKey(line), line.counted - (line.book ?? 0)])).filter(([, n]) => n !== 0));
}

/**
 * What was dispensed between the two is gone from the shelf and from the book: each is compared with the book of
 * their own moment.
 *
 * @param {readonly CountedLine[]} first
 * @param {readonly CountedLine[]} second
 * @returns {boolean}
 */
export function agree(first, second) {
  const [one, other] = [off(first), off(second)];
  return one.size === other.size && [...one].every(([key, n]) => other.get(key) === n);
}

/**
 * @param {readonly CountedLine[]} lines as they were counted
 * @param {readonly CardView[]} cards of the product, now
 * @returns {CountedLine[]} what must stand there now, with what moved since taken off or added; never below 0
 */
export function asOfNow(lines, cards) {
  const book = new Map(cards.map((card) => [rowKey(card), card.on_hand]));
  return lines.map((line) => {
    const now = book.get(rowKey(line)) ?? null;
    return { ...line, book: now, counted: Math.max(0, line.counted + (now ?? 0) - (line.book ?? 0)) };
  });
}

/**
 * @param {Pair | undefined} pair
 * @returns {CountedLine[] | null} the lines that two agree on, or that were chosen; null where that is still open
 */
export function settled(pair) {
  const [first, second] = pair?.tallies ?? [];
  if (!pair || !first || !second) return null;
  if (pair.chosen !== undefined) return pair.tallies[pair.chosen]?.lines ?? null;
  return agree(first.lines, second.lines) ? second.lines : null;
}

/**
 * @param {Pair} pair of two
 * @returns {{lot: string, expiry: string | null, location: string, account: string, counted: (number | null)[]}[]} each
 *   lot with what each of them saw, null where one did not see the lot
 */
export function sideBySide({ tallies }) {
  /** @type {Map<string, {lot: string, expiry: string | null, location: string, account: string, counted: (number | null)[]}>} */
  const rows = new Map();
  tallies.forEach(({ lines }, i) => {
    for (const line of lines) {
      const { lot, expiry, location, account } = line;
      const row = rows.get(rowKey(line)) ?? { lot, expiry, location, account, counted: tallies.map(() => null) };
      row.counted[i] = line.counted;
      rows.set(rowKey(line), row);
    }
  });
  return [...rows.values()];
}
