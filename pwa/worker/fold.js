/**
 * PURE: facts in, card out, as PROTOCOL.md "Fold" says. Twin of sync/fold.py; both pass tests/vectors/fold.
 *
 * Facts sort by (effective_at, id). From 0: a movement adds, a count sets the balance and its variance is
 * counted minus the balance before. The first count of a card is its opening balance.
 */

/** @import { Fact, SortKey } from './types.js' */

/**
 * @typedef {object} Balance
 * @property {number} on_hand in dispensing units
 * @property {SortKey | null} counted key of the last count
 * @property {SortKey | null} last key of the last fact
 * @property {string | null} negative the fact that first took the balance below 0 after the last count
 */

/** @typedef {{variance: number, opening: boolean}} CountResult */

/** @returns {Balance} a card that has no facts */
export function nothing() {
  return { on_hand: 0, counted: null, last: null, negative: null };
}

/**
 * @param {SortKey} a
 * @param {SortKey} b
 * @returns {number} negative, 0 or positive as a comes before, is, or comes after b
 */
export function compareKeys(a, b) {
  if (a[0] !== b[0]) return a[0] - b[0];
  // Ids are compared by code unit, as Python compares them: they are lower case hexadecimal.
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

/**
 * @param {Fact} fact
 * @returns {SortKey}
 */
export function keyOf(fact) {
  return [fact.effective_at, fact.id];
}

/**
 * @param {Balance} balance
 * @param {Fact} fact not before `balance.last`
 * @returns {Balance} a new one
 */
export function step(balance, fact) {
  const key = keyOf(fact);
  if (fact.type === 'count') return { on_hand: fact.quantity, counted: key, last: key, negative: null };
  const on_hand = balance.on_hand + fact.quantity;
  return {
    on_hand,
    counted: balance.counted,
    last: key,
    negative: balance.negative ?? (on_hand < 0 ? fact.id : null),
  };
}

/**
 * Reversals, `all_lots`, receipts of one shipment and decisions take facts out of the fold, or put them in,
 * before this function sees them; they come with the next version of the protocol's kinds.
 *
 * @param {readonly Fact[]} facts in any order, one a card and operation
 * @returns {Balance & {variances: Record<string, CountResult>}}
 */
export function fold(facts) {
  const ordered = [...facts].sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
  /** @type {Record<string, CountResult>} */
  const variances = {};
  let balance = nothing();
  for (const fact of ordered) {
    if (fact.type === 'count') {
      variances[fact.id] = { variance: fact.quantity - balance.on_hand, opening: balance.counted === null };
    }
    balance = step(balance, fact);
  }
  return { ...balance, variances };
}
