/**
 * PURE: the device's view of a card, which is the pulled row folded on with the device's own operations
 * that the row does not contain yet. Recomputed, never patched. Passes tests/vectors/view.
 */

import { compareKeys, keyOf, nothing, step } from './fold.js';

/** @import { Fact, SortKey } from './types.js' */

/** @typedef {{on_hand: number, counted: SortKey | null, last: SortKey | null}} Row */

/**
 * A movement before the last count changes nothing. A count after the last fact sets the balance. A count
 * that falls between the two cannot be folded here, for the movements after it are not known one by one: the
 * author's own number is shown, and it is provisional until the server's answer is pulled. Reversals of
 * something pulled are provisional in the same way; their kind comes with the next version.
 *
 * @param {Row | null} row what was pulled; null for a card first heard of on this device
 * @param {readonly Fact[]} own the device's own facts after `covers`, in any order
 * @returns {Row & {provisional: boolean}}
 */
export function viewOf(row, own) {
  const start = nothing();
  let balance = row ? { ...start, on_hand: row.on_hand, counted: row.counted, last: row.last } : start;
  let provisional = false;
  for (const fact of [...own].sort((a, b) => compareKeys(keyOf(a), keyOf(b)))) {
    const key = keyOf(fact);
    if (balance.counted && compareKeys(key, balance.counted) < 0) continue;
    const late = balance.last !== null && compareKeys(key, balance.last) < 0;
    if (fact.type === 'count') provisional = late;
    const { last } = balance;
    balance = step(balance, fact);
    if (late) balance.last = last;
  }
  return { on_hand: balance.on_hand, counted: balance.counted, last: balance.last, provisional };
}
