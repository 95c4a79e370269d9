/**
 * PURE: the device's view of cards, which is the pulled rows folded on with the device's own operations that they
 * do not contain yet. Recomputed, never patched. Twin of sync/view.py; both pass tests/vectors/view.
 */

import { cardKey } from './facts.js';
import { compareKeys, keyOf, nothing, step } from './fold.js';

/** @import { Fact, SortKey } from './types.js' */
/** @import { ProductWork } from './own.js' */

/** @typedef {{on_hand: number, counted: SortKey | null, last: SortKey | null}} Row */
/** @typedef {Row & {provisional: boolean}} View */
/** @typedef {{product: string, lot: string, location: string, account: string}} Card */

/**
 * @typedef {object} Doubt what makes a view provisional from the start
 * @property {readonly Fact[]} [back] facts in the row that were reversed since
 * @property {SortKey | null} [floor] for a card without a row: what is older may have been emptied by `all_lots`
 * @property {boolean} [doubtful] whether even a count made now would not settle it
 */

/**
 * A movement before the last count changes nothing. A count after the last fact sets the balance. A count
 * that falls between the two cannot be folded here, for the movements after it are not known one by one: the
 * author's own number is shown, and it is provisional until the server's answer is pulled. A reversed movement
 * that the row contains is taken back, provisionally: someone else may have reversed or moved it before.
 *
 * @param {Row | null} row what was pulled; null for a card first heard of on this device
 * @param {readonly Fact[]} own the device's own facts after `covers`, in any order
 * @param {Doubt} [doubt]
 * @returns {View}
 */
export function viewOf(row, own, { back = [], floor = null, doubtful = false } = {}) {
  let balance = { ...nothing(), ...row };
  let provisional = back.length > 0;
  for (const fact of back) {
    const counts = balance.counted === null || compareKeys(keyOf(fact), balance.counted) > 0;
    if (fact.type === 'movement' && counts) balance.on_hand -= fact.quantity;
  }
  const known = row ? row.last : floor;
  for (const fact of [...own].sort((a, b) => compareKeys(keyOf(a), keyOf(b)))) {
    const key = keyOf(fact);
    if (balance.counted && compareKeys(key, balance.counted) <= 0) continue;
    if (row?.last && compareKeys(key, row.last) === 0) continue; // The row's last fact is this very one.
    const late = known !== null && compareKeys(key, known) < 0;
    if (fact.type === 'count') provisional = late;
    // It was answered once, so it is in the row, unless the server lost just that.
    else if (late && fact.answered) continue;
    else if (late && !row) provisional = true;
    const { last } = balance;
    balance = step(balance, fact);
    if (row && late) balance.last = last;
  }
  const { on_hand, counted, last } = balance;
  return { on_hand, counted, last, provisional: provisional || doubtful };
}

/**
 * @template {Card & Row} R
 * @param {readonly R[]} rows every pulled card of one product at this facility
 * @param {ProductWork} work of that product
 * @param {boolean} doubtful whether every pulled row is in doubt
 * @returns {{card: Card, row: R | null, view: View}[]} the cards of the rows, then those first heard of here
 */
export function viewsOf(rows, work, doubtful) {
  if (work.cards.size === 0 && work.zeros.length === 0) {
    // Most products of a start page with thousands of cards.
    const provisional = doubtful || work.doubtful;
    return rows.map((row) => ({ card: row, row, view: { on_hand: row.on_hand, counted: row.counted, last: row.last, provisional } }));
  }
  const zeros = (/** @type {Card} */ { lot, location, account }) => work.zeros
    .filter((zero) => zero.location === location && zero.account === account && !zero.named.has(lot))
    .map(({ fact }) => fact);
  const found = [];
  const seen = new Set();
  /** @type {Map<string, SortKey>} when each place was counted last */
  const floors = new Map();
  for (const row of rows) {
    const key = cardKey(row);
    seen.add(key);
    const mine = work.cards.get(key);
    const own = [...(mine?.facts ?? []), ...zeros(row)];
    const view = viewOf(row, own, { back: mine?.back ?? [], doubtful: doubtful || work.doubtful });
    found.push({ card: row, row, view });
    const place = cardKey({ ...row, lot: '' });
    const floor = floors.get(place);
    if (row.counted && (!floor || compareKeys(row.counted, floor) > 0)) floors.set(place, row.counted);
  }
  for (const [key, { card, facts }] of work.cards) {
    if (seen.has(key) || facts.length === 0) continue;
    const floor = floors.get(cardKey({ ...card, lot: '' })) ?? null;
    const view = viewOf(null, [...facts, ...zeros(card)], { floor, doubtful: work.doubtful });
    found.push({ card, row: null, view });
  }
  return found;
}
