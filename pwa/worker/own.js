/**
 * PURE: what a device's own operations do to cards whose pulled rows do not contain them yet. Twin of the first
 * half of sync/view.py; both pass tests/vectors/view/cards.
 *
 * A reversed operation leaves, with all its facts. Of several receipts of one shipment line the first in effective
 * order stands. What reverses something that the rows contain, may be contained already, or may concern what this
 * device does not know makes cards doubtful: they are shown as provisional.
 */

import { cardKey } from './facts.js';
import { compareKeys } from './fold.js';

/** @import { CardFact } from './facts.js' */
/** @import { Fact, OwnOperation, ShipmentRow } from './types.js' */

/**
 * @typedef {object} CardWork
 * @property {CardFact} card
 * @property {Fact[]} facts not in the pulled row, in any order
 * @property {Fact[]} back in the pulled row, and reversed since
 */

/**
 * A count of 0 on every card at the place that the count does not name.
 *
 * @typedef {object} Zero
 * @property {string} location
 * @property {string} account
 * @property {Set<string>} named lots
 * @property {Fact} fact
 */

/**
 * @typedef {object} ProductWork
 * @property {Map<string, CardWork>} cards by card key
 * @property {Zero[]} zeros
 * @property {boolean} doubtful whether any card of the product may become another, whatever is counted now
 */

/**
 * @typedef {object} Work
 * @property {Map<string, ProductWork>} products by code
 * @property {boolean} doubtful the same of every pulled card
 */

/** @returns {ProductWork} */
export function noWork() {
  return { cards: new Map(), zeros: [], doubtful: false };
}

/**
 * @param {readonly OwnOperation[]} own not contained in what was pulled, in any order
 * @param {readonly OwnOperation[]} kept known here and contained in it; those that have no place on these cards,
 *   like one of another facility, with no facts
 * @param {readonly Pick<ShipmentRow, 'id' | 'lines'>[]} shipments as pulled
 * @returns {Work}
 */
export function workOf(own, kept, shipments) {
  /** @type {Work} */
  const work = { products: new Map(), doubtful: false };
  const at = (/** @type {string} */ product) => {
    let found = work.products.get(product);
    if (!found) work.products.set(product, (found = noWork()));
    return found;
  };
  const cardAt = (/** @type {CardFact} */ card) => {
    const { cards } = at(card.product);
    let found = cards.get(cardKey(card));
    if (!found) cards.set(cardKey(card), (found = { card, facts: [], back: [] }));
    return found;
  };
  const reversed = new Set([...own, ...kept].map(({ reverses }) => reverses));
  const ordered = [...own].sort((a, b) => compareKeys([a.effective_at, a.id], [b.effective_at, b.id]));
  const stands = claims(shipments, at);
  for (const operation of ordered) {
    if (operation.resent) for (const { product } of operation.cards) at(product).doubtful = true;
    if (reversed.has(operation.id)) continue;
    for (const card of operation.cards) {
      if (operation.shipment !== null && !stands(operation.shipment, card, operation.id)) continue;
      cardAt(card).facts.push(operation.resent === 'answered' ? { ...card.fact, answered: true } : card.fact);
    }
    if (operation.all_lots) for (const zero of zerosOf(operation)) at(zero.product).zeros.push(zero);
  }
  for (const target of takenBack(own, kept)) {
    const operation = kept.find(({ id }) => id === target);
    if (!operation) work.doubtful = true;
    for (const card of operation?.cards ?? []) {
      if (!operation?.uncertain) cardAt(card).back.push(card.fact);
      // Cards that it does not name change with it: those that it emptied, or where another receipt now stands.
      if (operation?.uncertain || operation?.all_lots || operation?.shipment) at(card.product).doubtful = true;
    }
  }
  for (const { unsettles } of own) {
    if (unsettles === undefined) continue;
    const operation = [...kept, ...own].find(({ id }) => id === unsettles);
    if (!operation) work.doubtful = true;
    for (const { product } of operation?.cards ?? []) at(product).doubtful = true;
  }
  return work;
}

/**
 * @param {readonly OwnOperation[]} own
 * @param {readonly OwnOperation[]} kept
 * @returns {Set<string>} what was in the pulled rows and is reversed only since then
 */
function takenBack(own, kept) {
  const before = new Set([...own.map(({ id }) => id), ...kept.map(({ reverses }) => reverses)]);
  return new Set(own.flatMap(({ reverses }) => (reverses !== null && !before.has(reverses) ? [reverses] : [])));
}

/**
 * Receipts of one shipment, product and lot: the first to ask stands.
 *
 * @param {readonly Pick<ShipmentRow, 'id' | 'lines'>[]} shipments
 * @param {(product: string) => ProductWork} at
 * @returns {(shipment: string, card: CardFact, id: string) => boolean} to be asked in effective order
 */
function claims(shipments, at) {
  const claim = (/** @type {string} */ id, /** @type {{product: string, lot: string}} */ line) => JSON.stringify([id, line.product, line.lot]);
  const received = new Map(shipments.flatMap(({ id, lines }) => lines.map((line) => [claim(id, line), line.received])));
  /** @type {Map<string, string>} */
  const first = new Map();
  return (shipment, card, id) => {
    const key = claim(shipment, card);
    // Whether a receipt from elsewhere comes before this one is not known here, nor on which card it is.
    if (received.get(key) !== false) at(card.product).doubtful = true;
    if (!first.has(key)) first.set(key, id);
    return first.get(key) === id;
  };
}

/**
 * @param {OwnOperation} count with `all_lots`
 * @returns {(Zero & {product: string})[]} one for each place that it counted
 */
function zerosOf({ id, effective_at, cards }) {
  /** @type {Map<string, Zero & {product: string}>} */
  const places = new Map();
  for (const { product, location, account, lot } of cards) {
    const key = cardKey({ product, lot: '', location, account });
    const known = places.get(key);
    if (known) known.named.add(lot);
    else places.set(key, { product, location, account, named: new Set([lot]), fact: { effective_at, id, type: 'count', quantity: 0 } });
  }
  return [...places.values()];
}
