/** Cards as this device sees them: pulled rows folded on with its own operations (see view.js). */

import { cardKey, factsOf } from '../facts.js';
import { viewOf } from '../view.js';
import { database, revision } from './database.js';
import { mirror } from './mirror.js';

/** @import { CardFact } from '../facts.js' */
/** @import { CardView, Fact, Lot, Movement, OutboxRecord } from '../types.js' */
/** @import { Mirror } from './mirror.js' */

/** @typedef {Map<string, {card: CardFact, facts: Fact[]}>} OwnCards by card key */

/**
 * @typedef {object} Own the device's own facts that the pulled rows do not contain
 * @property {string} facility
 * @property {Map<string, OwnCards>} byProduct
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
  return factsOf(record.kind, JSON.parse(record.text).body, record);
}

/** @returns {Promise<Own>} */
async function ownFacts() {
  const { own, pulled } = revision;
  if (ownCache?.own === own && ownCache.pulled === pulled) return ownCache.value;
  const tx = (await database()).transaction(['meta', 'outbox']);
  const meta = tx.objectStore('meta');
  const [session, covers] = await Promise.all([meta.get('session'), meta.get('covers')]);
  /** @type {Own} */
  const value = { facility: session?.facility ?? '', byProduct: new Map() };
  if (session) {
    const after = IDBKeyRange.bound([session.device, covers ?? 0], [session.device, Infinity], true, false);
    /** @type {OutboxRecord[]} */
    const records = await tx.objectStore('outbox').index('device_seq').getAll(after);
    for (const record of records) {
      // What is held is not in the ledger, so it is not on the shelf's card either until a person decides.
      if (record.outcome === 'held' || record.facility !== value.facility) continue;
      for (const card of recordFacts(record)) {
        let cards = value.byProduct.get(card.product);
        if (!cards) value.byProduct.set(card.product, (cards = new Map()));
        const known = cards.get(cardKey(card));
        if (known) known.facts.push(card.fact);
        else cards.set(cardKey(card), { card, facts: [card.fact] });
      }
    }
  }
  await tx.done;
  ownCache = { own, pulled, value };
  return value;
}

/**
 * @param {string} product
 * @param {Mirror} pulled
 * @param {Own} own
 * @returns {CardView[]} first to expire first
 */
function viewsOf(product, pulled, { facility, byProduct }) {
  const mine = new Map(byProduct.get(product) ?? []);
  /** @type {Map<string, string | null>} */
  const expiries = new Map();
  for (const lot of pulled.lots.get(product)?.values() ?? []) {
    if (lot.facility === facility) expiries.set(lot.number, lot.expiry);
  }
  /** @type {CardView[]} */
  const views = [];
  /**
   * @param {{lot: string, location: string, account: string}} card
   * @param {import('../view.js').Row | null} row
   */
  const add = ({ lot, location, account }, row) => {
    const key = cardKey({ product, lot, location, account });
    const known = mine.get(key);
    mine.delete(key);
    const view = viewOf(row, known?.facts ?? []);
    views.push({
      facility, product, lot, location, account,
      expiry: expiries.get(lot) ?? known?.card.expiry ?? null,
      on_hand: view.on_hand, provisional: view.provisional, counted_at: view.counted?.[0] ?? null,
    });
  };
  for (const row of pulled.cards.get(product)?.values() ?? []) {
    if (row.facility === facility) {
      add({ lot: row.lot ?? '', location: row.location ?? '', account: row.account ?? '' }, row);
    }
  }
  for (const { card } of [...mine.values()]) add(card, null);
  return views.sort(byExpiry);
}

/**
 * @param {CardView} a
 * @param {CardView} b
 */
function byExpiry(a, b) {
  const [left, right] = [a.expiry ?? '9999', b.expiry ?? '9999'];
  return left < right ? -1 : left > right ? 1 : a.lot < b.lot ? -1 : a.lot > b.lot ? 1 : 0;
}

/** @returns {Promise<CardView[]>} every card of this facility, by product code; kept until something changes */
export async function cardsView() {
  const { own, pulled } = revision;
  if (viewCache?.own === own && viewCache.pulled === pulled) return viewCache.value;
  const [rows, mine] = await Promise.all([mirror(), ownFacts()]);
  const codes = new Set([...rows.cards.keys(), ...mine.byProduct.keys()]);
  const value = [...codes].sort().flatMap((code) => viewsOf(code, rows, mine));
  viewCache = { own, pulled, value };
  return value;
}

/**
 * @param {string} product code
 * @returns {Promise<CardView[]>} its cards at this facility, first to expire first
 */
export async function cardView(product) {
  return viewsOf(product, ...(await Promise.all([mirror(), ownFacts()])));
}

/**
 * @param {string} product code
 * @returns {Promise<Lot[]>} the lots known of it at this facility, those first named on this device included;
 *   first to expire first
 */
export async function lotsOf(product) {
  const [rows, { facility, byProduct }] = await Promise.all([mirror(), ownFacts()]);
  /** @type {Map<string, Lot>} */
  const lots = new Map();
  for (const { card } of byProduct.get(product)?.values() ?? []) {
    if (card.lot !== '') lots.set(card.lot, { facility, product, number: card.lot, expiry: card.expiry });
  }
  for (const lot of rows.lots.get(product)?.values() ?? []) {
    if (lot.facility === facility) lots.set(lot.number, lot);
  }
  return [...lots.values()].sort((a, b) => ((a.expiry ?? '9999') < (b.expiry ?? '9999') ? -1 : 1));
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
