/** Cards as this device sees them: pulled rows folded on with its own operations (see view.js). */

import { cardKey, factsOf } from '../facts.js';
import { noWork } from '../own.js';
import { viewsOf } from '../view.js';
import { latest } from '../registers.js';
import { database, revision } from './database.js';
import { mirror } from './mirror.js';
import { ownWork, workWith } from './own.js';
import { calledBack, ownSayings } from './registers.js';

/** @import { CardView, Lot, Movement, OutboxRecord } from '../types.js' */
/** @import { Mirror } from './mirror.js' */
/** @import { Own } from './own.js' */
/** @import { Told } from '../registers.js' */

/** @type {{own: number, pulled: number, value: CardView[]} | null} */
let viewCache = null;

/**
 * @param {string} product
 * @param {Mirror} pulled
 * @param {Own} own
 * @param {Known} known
 * @returns {CardView[]} first to expire first
 */
function cardViews(product, pulled, { facility, work }, { stages, recalled }) {
  const mine = work.products.get(product) ?? noWork();
  /** @type {Map<string, string | null>} */
  const expiries = new Map();
  for (const lot of pulled.lots.get(product)?.values() ?? []) {
    if (lot.facility === facility) expiries.set(lot.number, lot.expiry);
  }
  const rows = [...(pulled.cards.get(product)?.values() ?? [])].filter((row) => row.facility === facility);
  /** @type {Map<string, Told>} */
  const seen = new Map();
  for (const row of rows) if (row.vvm && row.vvm_told) seen.set(cardKey(row), { value: row.vvm, told: row.vvm_told });
  for (const [key, stage] of stages) seen.set(key, latest(seen.get(key), stage));
  return viewsOf(rows, mine, work.doubtful).map(({ card, view }) => ({
    facility, product, lot: card.lot, location: card.location, account: card.account,
    expiry: expiries.get(card.lot) ?? mine.cards.get(cardKey(card))?.card.expiry ?? null,
    on_hand: view.on_hand, provisional: view.provisional, counted_at: view.counted?.[0] ?? null,
    vvm: seen.get(cardKey(card))?.value ?? null, recalled: recalled(product, card.lot),
    moved_at: view.last?.[0] ?? null,
  })).sort(byExpiry);
}

/**
 * @typedef {object} Known of cards, beside their facts
 * @property {Map<string, Told>} stages that this device saw and nobody pulled yet, by card key
 * @property {(product: string, lot: string) => boolean} recalled
 */

/** @returns {Promise<Known>} */
async function whatIsKnown() {
  const [{ vvm }, recalled] = await Promise.all([ownSayings(), calledBack()]);
  return { stages: vvm, recalled };
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
  const [rows, mine, known] = await Promise.all([mirror(), ownWork(), whatIsKnown()]);
  const codes = new Set([...rows.cards.keys(), ...mine.work.products.keys()]);
  const value = [...codes].sort().flatMap((code) => cardViews(code, rows, mine, known));
  viewCache = { own, pulled, value };
  return value;
}

/**
 * @param {string} product code
 * @returns {Promise<CardView[]>} its cards at this facility, first to expire first
 */
export async function cardView(product) {
  const [rows, mine, known] = await Promise.all([mirror(), ownWork(), whatIsKnown()]);
  return cardViews(product, rows, mine, known);
}

/**
 * @param {readonly string[]} products codes
 * @param {OutboxRecord} record not recorded yet
 * @returns {Promise<CardView[]>} the cards of these products as they would be if it were
 */
export async function cardsIf(products, record) {
  const [rows, own, known] = await Promise.all([mirror(), workWith([record]), whatIsKnown()]);
  return products.flatMap((product) => cardViews(product, rows, own, known));
}

/**
 * @param {string} product code
 * @returns {Promise<Lot[]>} the lots known of it at this facility, those first named on this device included;
 *   first to expire first
 */
export async function lotsOf(product) {
  const [rows, { facility, work }] = await Promise.all([mirror(), ownWork()]);
  /** @type {Map<string, Lot>} */
  const lots = new Map();
  for (const { card, facts } of work.products.get(product)?.cards.values() ?? []) {
    if (card.lot !== '' && facts.length > 0) lots.set(card.lot, { facility, product, number: card.lot, expiry: card.expiry });
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
    lines: factsOf(record.kind, JSON.parse(record.text).body, record).filter((card) => card.product === product)
      .map(({ lot, fact }) => ({ lot, quantity: fact.quantity, type: fact.type })),
  }));
}

/**
 * @param {string} product code
 * @returns {Promise<number>} the largest quantity of it that this device ever saw in one place or one operation, 0 for none
 */
export async function largestSeen(product) {
  const [cards, moved] = await Promise.all([cardView(product), movements(product)]);
  const held = cards.reduce((sum, card) => sum + Math.abs(card.on_hand), 0);
  return Math.max(held, ...moved.map(({ lines }) => Math.abs(lines.reduce((sum, line) => sum + line.quantity, 0))));
}

/** @type {{own: number, since: number, value: Map<string, number[]>} | null} */
let touched = null;

/**
 * @param {number} since ms since the epoch
 * @returns {Promise<Map<string, number[]>>} by product code, when operations of this device that move stock happened since
 */
export async function touches(since) {
  const { own } = revision;
  if (touched?.own === own && touched.since === since) return touched.value;
  const records = await recordsSince(since);
  /** @type {Map<string, number[]>} */
  const value = new Map();
  for (const { kind, products, occurred_at } of records) {
    if (kind === 'stock.count' || kind === 'stock.reverse') continue;
    for (const code of products) {
      const times = value.get(code);
      if (times) times.push(occurred_at);
      else value.set(code, [occurred_at]);
    }
  }
  touched = { own, since, value };
  return value;
}

/**
 * @param {number} since ms since the epoch
 * @returns {Promise<OutboxRecord[]>} saved since, for an id begins with when it was made
 */
async function recordsSince(since) {
  const bits = Math.max(0, Math.floor(since)).toString(16).padStart(12, '0');
  return (await database()).getAll('outbox', IDBKeyRange.lowerBound(`${bits.slice(0, 8)}-${bits.slice(8)}`));
}
