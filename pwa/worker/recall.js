/**
 * PURE: a recall at this facility: which lots it concerns, what is still to be done, and what an answer makes of the stock.
 *
 * What stands in the location QUARANTINE was set apart: it is on the book and is never proposed.
 */

import { byExpiry, QUARANTINE } from './fefo.js';

/** @import { CardView, Kind, Line, Recall, RecallAnswer } from './types.js' */

/**
 * @typedef {object} RecallLot
 * @property {string} product code
 * @property {string} lot '' for goods without a number
 * @property {CardView[]} cards of it, first to expire first
 * @property {number} on_shelf units that are not set apart; what is below none counts as none
 * @property {number} apart units in quarantine
 * @property {RecallAnswer | null} answer
 */

/** @typedef {{found: number, quarantined: number, returned: number, destroyed: number}} Sums in units */

/**
 * @param {readonly CardView[]} cards
 * @param {boolean} apart
 */
function held(cards, apart) {
  return cards.reduce((sum, card) => sum + ((card.location === QUARANTINE) === apart ? Math.max(0, card.on_hand) : 0), 0);
}

/**
 * @param {Recall} recall
 * @param {readonly CardView[]} cards of its product
 * @returns {RecallLot[]} each lot that it names, else all that are here or were answered for, and goods without a number
 *   if there are any; at least one
 */
export function lotsOfRecall({ product, lots, answers }, cards) {
  const here = cards.filter((card) => card.on_hand > 0).map(({ lot }) => lot);
  const named = lots.length > 0 ? [...lots, ...here.filter((lot) => lot === '')] : [...here, ...answers.map(({ lot }) => lot)];
  const all = [...new Set(named.length > 0 ? named : [''])];
  return all.map((lot) => {
    const own = cards.filter((card) => card.lot === lot).sort(byExpiry);
    return { product, lot, cards: own, on_shelf: held(own, false), apart: held(own, true), answer: answers.find((answer) => answer.lot === lot) ?? null };
  });
}

/**
 * @param {readonly RecallLot[]} lots
 * @returns {'urgent' | 'unanswered' | 'done'} urgent: some may still be given out
 */
export function stateOfRecall(lots) {
  if (lots.some(({ on_shelf }) => on_shelf > 0)) return 'urgent';
  return lots.some(({ answer }) => answer === null) ? 'unanswered' : 'done';
}

/**
 * @param {Sums} sums
 * @returns {number} units that were found and of which nothing is said; below 0 where more is said than was found
 */
export function unaccounted({ found, quarantined, returned, destroyed }) {
  return found - quarantined - returned - destroyed;
}

/** @typedef {Pick<CardView, 'product' | 'lot' | 'expiry' | 'location' | 'account'>} Taken a card that units are taken from */

/**
 * Takes units off cards, and counts down what they have.
 *
 * @param {{card: CardView, left: number}[]} pool changed
 * @param {number} wanted
 * @param {Taken | undefined} beyond the card that what the book does not have is taken from
 * @returns {{card: Taken, quantity: number}[]}
 */
function take(pool, wanted, beyond) {
  /** @type {{card: Taken, quantity: number}[]} */
  const taken = [];
  let rest = wanted;
  for (const one of pool) {
    const quantity = Math.min(one.left, rest);
    if (quantity <= 0) continue;
    one.left -= quantity;
    rest -= quantity;
    taken.push({ card: one.card, quantity });
  }
  if (rest > 0 && beyond) {
    const known = taken.find(({ card }) => card === beyond);
    if (known) known.quantity += rest;
    else taken.push({ card: beyond, quantity: rest });
  }
  return taken;
}

/**
 * @typedef {object} Reaction what an answer makes of the stock, in units of each card
 * @property {{card: Taken, quantity: number}[]} setApart from the shelf into quarantine
 * @property {{card: Taken, quantity: number}[]} putBack out of quarantine
 * @property {{card: Taken, quantity: number}[]} returned
 * @property {{card: Taken, quantity: number}[]} destroyed
 * @property {number} beyond how many units more leave the shelf than the book has there
 */

/**
 * What changes with a new answer: so much more was returned and destroyed than was said before, and so much stands in
 * quarantine from now on. What is returned or destroyed comes out of quarantine as far as less stands there now.
 *
 * @param {RecallLot} lot
 * @param {Sums} sums
 * @returns {Reaction}
 */
export function reactionTo({ product, lot, cards, apart, answer }, sums) {
  const pool = (/** @type {boolean} */ inside) => cards.filter((card) => (card.location === QUARANTINE) === inside && card.on_hand > 0).map((card) => ({ card, left: card.on_hand }));
  const [shelf, store] = [pool(false), pool(true)];
  // What the book knows nothing of was found all the same.
  const last = shelf.at(-1)?.card ?? cards.find((card) => card.location !== QUARANTINE) ?? { product, lot, expiry: null, location: '', account: '' };
  const on_shelf = held(cards, false);
  const more = { returned: Math.max(0, sums.returned - (answer?.returned ?? 0)), destroyed: Math.max(0, sums.destroyed - (answer?.destroyed ?? 0)) };
  const freed = Math.max(0, apart - sums.quarantined);
  let released = freed;
  const leave = (/** @type {number} */ wanted) => {
    const out = Math.min(released, wanted);
    released -= out;
    return [...take(store, out, undefined), ...take(shelf, wanted - out, last)];
  };
  const setApart = take(shelf, Math.max(0, sums.quarantined - apart), last);
  const returned = leave(more.returned);
  const destroyed = leave(more.destroyed);
  const putBack = take(store, released, undefined);
  const off = Math.max(0, sums.quarantined - apart) + more.returned + more.destroyed - (freed - released);
  return { setApart, putBack, returned, destroyed, beyond: Math.max(0, off - on_shelf) };
}

/**
 * @param {{card: Taken, quantity: number}[]} taken
 * @param {(line: Line, card: Taken) => Line} made
 * @returns {Line[]}
 */
function linesOf(taken, made) {
  return taken.map(({ card, quantity }) => made({
    product: card.product, lot: card.lot === '' ? null : { number: card.lot, expiry: card.expiry },
    ...(card.location !== '' && { location: card.location }), ...(card.account !== '' && { account: card.account }), quantity,
  }, card));
}

/**
 * @param {Reaction} reaction
 * @param {{back: Record<string, string>, reference: string, reason: string}} how back: who gets it back, as a destination
 * @returns {{kind: Kind, body: Record<string, any>}[]} the operations that say so, in the order in which they happened
 */
export function stockOperations({ setApart, putBack, returned, destroyed }, { back, reference, reason }) {
  const to = (/** @type {string} */ location) => (/** @type {Line} */ line, /** @type {Taken} */ card) => ({
    ...line, to: { ...(location !== '' && { location }), ...(card.account !== '' && { account: card.account }) },
  });
  const moved = [...linesOf(setApart, to(QUARANTINE)), ...linesOf(putBack, to(''))];
  /** @type {{kind: Kind, body: Record<string, any>}[]} */
  const all = [
    { kind: 'stock.move', body: { lines: moved } },
    { kind: 'stock.issue', body: { destination: back, purpose: 'return', reference, lines: linesOf(returned, (line) => line) } },
    { kind: 'stock.adjust', body: { lines: linesOf(destroyed, (line) => ({ ...line, quantity: -(line.quantity ?? 0), reason })) } },
  ];
  return all.filter(({ body }) => body.lines.length > 0);
}
