/** PURE: what an operation's lines do to which card. The card's key is that of the ledger, facility left out. */

/** @import { Fact, Kind, Line } from './types.js' */

/** @type {Partial<Record<Kind, 1 | -1>>} */
const SIGNS = { 'stock.receive': 1, 'stock.issue': -1, 'stock.dispense': -1, 'stock.adjust': 1 };

/**
 * @param {{product: string, lot: string, location: string, account: string}} card
 * @returns {string} one key for the four
 */
export function cardKey({ product, lot, location, account }) {
  return JSON.stringify([product, lot, location, account]);
}

/**
 * @typedef {object} CardFact
 * @property {string} product
 * @property {string} lot '' where absent, like location and account
 * @property {string} location
 * @property {string} account
 * @property {string | null} expiry as the line told it
 * @property {Fact} fact
 */

/**
 * Lines of one operation on one card act as one sum.
 *
 * @param {Kind} kind kinds that do not touch stock give no fact
 * @param {{lines?: Line[]}} body
 * @param {{id: string, effective_at: number}} operation
 * @returns {CardFact[]} one a card, in the order of the lines
 */
export function factsOf(kind, body, { id, effective_at }) {
  const sign = SIGNS[kind];
  if (sign === undefined && kind !== 'stock.count') return [];
  /** @type {Map<string, CardFact>} */
  const facts = new Map();
  for (const line of body.lines ?? []) {
    const card = {
      product: line.product, lot: line.lot?.number ?? '', location: line.location ?? '', account: line.account ?? '',
    };
    const quantity = sign === undefined ? line.counted ?? 0 : sign * (line.quantity ?? 0);
    const known = facts.get(cardKey(card));
    if (known) known.fact.quantity += quantity;
    else {
      facts.set(cardKey(card), {
        ...card,
        expiry: line.lot?.expiry ?? null,
        fact: { effective_at, id, type: sign === undefined ? 'count' : 'movement', quantity },
      });
    }
  }
  return [...facts.values()];
}
