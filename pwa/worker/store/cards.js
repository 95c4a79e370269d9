/** Cards as this device sees them: pulled rows folded on with its own operations (see view.js). */

import { cardKey, factsOf } from '../facts.js';
import { viewOf } from '../view.js';
import { database, revision } from './database.js';

/** @import { CardFact } from '../facts.js' */
/** @import { CardRow, CardView, Fact, Lot, Movement, OutboxRecord } from '../types.js' */

/**
 * @typedef {object} Own
 * @property {string} facility
 * @property {Map<string, {card: CardFact, facts: Fact[]}>} byCard own facts that the pulled rows do not contain
 */

/** @type {{own: number, pulled: number, value: Own} | null} */
let ownCache = null;
/** @type {{own: number, pulled: number, value: CardView[]} | null} */
let viewCache = null;

/**
 * @param {OutboxRecord} record
 * @returns {CardFact[]}
 */
function recordFacts(record) {
  const operation = JSON.parse(record.text);
  return factsOf(record.kind, operation.body, record);
}

/** @returns {Promise<Own>} */
async function ownFacts() {
  const { own, pulled } = revision;
  if (ownCache?.own === own && ownCache.pulled === pulled) return ownCache.value;
  const tx = (await database()).transaction(['meta', 'outbox']);
  const meta = tx.objectStore('meta');
  const [session, covers] = await Promise.all([meta.get('session'), meta.get('covers')]);
  /** @type {Own} */
  const value = { facility: session?.facility ?? '', byCard: new Map() };
  if (session) {
    const after = IDBKeyRange.bound([session.device, covers ?? 0], [session.device, Infinity], true, false);
    /** @type {OutboxRecord[]} */
    const records = await tx.objectStore('outbox').index('device_seq').getAll(after);
    for (const record of records) {
      // What is held is not in the ledger, so it is not on the shelf's card either until a person decides.
      if (record.outcome === 'held' || record.facility !== value.facility) continue;
      for (const card of recordFacts(record)) {
        const known = value.byCard.get(cardKey(card));
        if (known) known.facts.push(card.fact);
        else value.byCard.set(cardKey(card), { card, facts: [card.fact] });
      }
    }
  }
  await tx.done;
  ownCache = { own, pulled, value };
  return value;
}

/**
 * @param {CardRow[]} rows pulled
 * @param {Own} own
 * @param {(product: string, lot: string) => string | null} expiryOf
 * @param {(product: string) => boolean} wanted
 * @returns {CardView[]} by product, then first to expire first
 */
function folded(rows, own, expiryOf, wanted) {
  const { facility } = own;
  /** @type {CardView[]} */
  const views = [];
  const seen = new Set();
  for (const row of rows) {
    if (row.facility !== facility || !wanted(row.product)) continue;
    const { product } = row;
    const [lot, location, account] = [row.lot ?? '', row.location ?? '', row.account ?? ''];
    const key = cardKey({ product, lot, location, account });
    seen.add(key);
    const mine = own.byCard.get(key);
    const view = mine ? viewOf(row, mine.facts)
      : { on_hand: row.on_hand, counted: row.counted, last: row.last, provisional: false };
    views.push({
      facility, product, lot, location, account,
      expiry: expiryOf(product, lot) ?? mine?.card.expiry ?? null,
      on_hand: view.on_hand, provisional: view.provisional, counted_at: view.counted?.[0] ?? null,
    });
  }
  for (const [key, { card, facts }] of own.byCard) {
    if (seen.has(key) || !wanted(card.product)) continue;
    const view = viewOf(null, facts);
    views.push({
      facility, product: card.product, lot: card.lot, location: card.location, account: card.account,
      expiry: expiryOf(card.product, card.lot) ?? card.expiry,
      on_hand: view.on_hand, provisional: view.provisional, counted_at: view.counted?.[0] ?? null,
    });
  }
  return views.sort(byProductThenExpiry);
}

/**
 * @param {CardView} a
 * @param {CardView} b
 */
function byProductThenExpiry(a, b) {
  if (a.product !== b.product) return a.product < b.product ? -1 : 1;
  const [left, right] = [a.expiry ?? '9999', b.expiry ?? '9999'];
  return left < right ? -1 : left > right ? 1 : a.lot < b.lot ? -1 : a.lot > b.lot ? 1 : 0;
}

/**
 * @param {Lot[]} lots
 * @param {string} facility
 */
function expiries(lots, facility) {
  const known = new Map(lots.filter((lot) => lot.facility === facility)
    .map((lot) => [`${lot.product}\n${lot.number}`, lot.expiry]));
  return (/** @type {string} */ product, /** @type {string} */ lot) => known.get(`${product}\n${lot}`) ?? null;
}

/** @returns {Promise<CardView[]>} every card of this facility, kept in memory until something changes */
export async function cardsView() {
  const { own, pulled } = revision;
  if (viewCache?.own === own && viewCache.pulled === pulled) return viewCache.value;
  const db = await database();
  const [rows, lots, mine] = await Promise.all([db.getAll('card'), db.getAll('lot'), ownFacts()]);
  const value = folded(rows, mine, expiries(lots, mine.facility), () => true);
  viewCache = { own, pulled, value };
  return value;
}

/**
 * @param {string} product code
 * @returns {Promise<CardView[]>} its cards at this facility, first to expire first
 */
export async function cardView(product) {
  return (await cardsView()).filter((card) => card.product === product);
}

/**
 * @param {string} product code
 * @returns {Promise<Lot[]>} lots that this device named in operations not pulled back yet
 */
export async function ownLots(product) {
  const { facility, byCard } = await ownFacts();
  return [...byCard.values()].filter(({ card }) => card.product === product && card.lot !== '')
    .map(({ card }) => ({ facility, product, number: card.lot, expiry: card.expiry }));
}

/**
 * The device's own operations on a product, waiting or kept, newest first.
 *
 * @param {string} product code
 * @returns {Promise<Movement[]>}
 */
export async function movements(product) {
  /** @type {OutboxRecord[]} */
  const records = await (await database()).getAllFromIndex('outbox', 'products', product);
  return records.sort((a, b) => (a.id < b.id ? 1 : -1)).map((record) => ({
    id: record.id, kind: record.kind, state: record.state, outcome: record.outcome, author: record.author,
    occurred_at: record.occurred_at, saved_at: record.saved_at,
    lines: recordFacts(record).filter((card) => card.product === product)
      .map(({ lot, fact }) => ({ lot, quantity: fact.quantity, type: fact.type })),
  }));
}
