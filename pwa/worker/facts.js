/** PURE: what an operation's lines do to which card. The card's key is that of the ledger, facility left out. */

/** @import { Fact, Kind, Line, OwnOperation } from './types.js' */

/** @typedef {'received' | 'issued' | 'returned' | 'dispensed' | 'adjusted' | 'counted' | 'consumed' | 'produced' | 'moved'} Flow */

/**
 * What one line does to one card.
 *
 * @typedef {object} Effect
 * @property {number} line
 * @property {string} product
 * @property {string} lot '' where absent, like location and account
 * @property {string | null} expiry as the line told it
 * @property {string} location
 * @property {string} account
 * @property {Flow} flow
 * @property {number} quantity a signed movement, or what was counted, in dispensing units
 * @property {string | null} reason code
 */

/**
 * The parts of each kind's body that have lines, in the order in which they are numbered. A kind that is not here
 * does nothing to a card by itself.
 *
 * @type {Partial<Record<Kind, {part: 'lines' | 'consumed' | 'produced', flow: Flow, sign: 1 | -1}[]>>}
 */
const PARTS = {
  'stock.receive': [{ part: 'lines', flow: 'received', sign: 1 }],
  'stock.issue': [{ part: 'lines', flow: 'issued', sign: -1 }],
  'stock.dispense': [{ part: 'lines', flow: 'dispensed', sign: -1 }],
  'stock.adjust': [{ part: 'lines', flow: 'adjusted', sign: 1 }],
  'stock.count': [{ part: 'lines', flow: 'counted', sign: 1 }],
  'stock.move': [{ part: 'lines', flow: 'moved', sign: -1 }],
  'stock.unpack': [{ part: 'consumed', flow: 'consumed', sign: -1 }, { part: 'produced', flow: 'produced', sign: 1 }],
};

/**
 * @param {{product: string, lot: string, location: string, account: string}} card
 * @returns {string} one key for the four
 */
export function cardKey({ product, lot, location, account }) {
  return JSON.stringify([product, lot, location, account]);
}

/**
 * Twin of `effects` in sync/operations.py; both pass tests/vectors/operations.
 *
 * @param {Kind} kind kinds that do not touch stock have no effect
 * @param {Record<string, any>} body
 * @returns {Effect[]} one a line, of what was moved two; those that follow from `all_lots` are not among them
 */
export function effectsOf(kind, body) {
  /** @type {Effect[]} */
  const effects = [];
  let number = 0;
  for (const { part, flow, sign } of PARTS[kind] ?? []) {
    for (const line of /** @type {Line[]} */ (body[part] ?? [])) {
      /** @type {Effect} */
      const effect = {
        line: number, product: line.product, lot: line.lot?.number ?? '', expiry: line.lot?.expiry ?? null,
        location: line.location ?? '', account: line.account ?? '', flow: flow === 'issued' && isReturn(body) ? 'returned' : flow,
        quantity: flow === 'counted' ? line.counted ?? 0 : sign * (line.quantity ?? 0), reason: line.reason ?? null,
      };
      effects.push(effect);
      if (line.to) {
        effects.push({ ...effect, location: line.to.location ?? '', account: line.to.account ?? '', quantity: line.quantity ?? 0 });
      }
      number += 1;
    }
  }
  return effects;
}

/**
 * @param {Record<string, any>} body of an issue
 * @returns {boolean} whether it went back to the one who supplied it
 */
export function isReturn({ purpose, destination }) {
  return purpose === 'return' || destination?.supplier !== undefined;
}

/**
 * @param {Record<string, any>} body
 * @returns {number} its lines, of all its parts
 */
export function lineCount(body) {
  return ['lines', 'consumed', 'produced'].reduce((n, part) => n + (body[part]?.length ?? 0), 0);
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
 * @param {Kind} kind
 * @param {Record<string, any>} body
 * @param {{id: string, effective_at: number}} operation
 * @returns {CardFact[]} one a card, in the order of the lines
 */
export function factsOf(kind, body, { id, effective_at }) {
  /** @type {Map<string, CardFact>} */
  const facts = new Map();
  for (const { product, lot, location, account, expiry, flow, quantity } of effectsOf(kind, body)) {
    const key = cardKey({ product, lot, location, account });
    const known = facts.get(key);
    if (known) known.fact.quantity += quantity;
    else {
      const type = flow === 'counted' ? 'count' : 'movement';
      facts.set(key, { product, lot, location, account, expiry, fact: { effective_at, id, type, quantity } });
    }
  }
  return [...facts.values()];
}

/**
 * @param {Kind} kind
 * @param {Record<string, any>} body
 * @param {{id: string, effective_at: number}} operation
 * @returns {OwnOperation} all of an operation that the view of cards asks for
 */
export function ownOperation(kind, body, operation) {
  return {
    id: operation.id,
    effective_at: operation.effective_at,
    cards: factsOf(kind, body, operation),
    all_lots: kind === 'stock.count' && body.all_lots === true,
    reverses: kind === 'stock.reverse' ? String(body.operation) : null,
    shipment: kind === 'stock.receive' && body.shipment ? String(body.shipment) : null,
  };
}
