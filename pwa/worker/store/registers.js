/**
 * What was said of how something is, as pulled, with what this device said since on top: storage locations, codes of
 * products, what follows a person, recalls and their answers, feedback; and levels, which only the server knows.
 */

import { latest, registerKey, sayingsOf } from '../registers.js';
import { database, revision } from './database.js';
import { recordsAfter } from './own.js';

/** @import { Feedback, Identifier, Level, Location, Meta, OutboxRecord, Recall, RecallAnswer, SortKey } from '../types.js' */
/** @import { RegisterName, Told } from '../registers.js' */

/** @typedef {Record<RegisterName, Map<string, Told>>} Sayings the latest of this device's own, by name and key */

/** @type {Map<string, {own: number, pulled: number, value: any}>} */
const caches = new Map();

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} read
 * @returns {Promise<T>} kept until something is saved, answered or pulled
 */
async function cached(name, read) {
  const { own, pulled } = revision;
  const known = caches.get(name);
  if (known?.own === own && known.pulled === pulled) return known.value;
  const value = await read();
  caches.set(name, { own, pulled, value });
  return value;
}

/** @returns {Promise<Sayings>} of the operations that no pull contains and that are not held */
export function ownSayings() {
  return cached('own', async () => {
    const tx = (await database()).transaction(['meta', 'outbox']);
    const meta = tx.objectStore('meta');
    /** @type {[Meta['session'] | undefined, number | undefined, Meta['unpulled'] | undefined]} */
    const [session, covers, unpulled] = await Promise.all([meta.get('session'), meta.get('covers'), meta.get('unpulled')]);
    const devices = session ? [{ device: session.device, covers: covers ?? 0 }, ...(unpulled ?? [])] : [];
    const records = await recordsAfter(tx, devices);
    await tx.done;
    /** @type {Sayings} */
    const found = {
      location: new Map(), identifier: new Map(), preference: new Map(), vvm: new Map(), answer: new Map(), feedback: new Map(),
    };
    for (const record of records) if (stands(record, session)) add(found, record);
    return found;
  });
}

/**
 * @param {OutboxRecord} record
 * @param {Meta['session'] | undefined} session
 */
function stands(record, session) {
  return record.facility === session?.facility && record.outcome !== 'held' && record.state !== 'set_aside';
}

/**
 * @param {Sayings} found
 * @param {OutboxRecord} record
 */
function add(found, { kind, text, author, effective_at, id }) {
  for (const { name, key, value } of sayingsOf(kind, JSON.parse(text).body, author)) {
    found[name].set(key, latest(found[name].get(key), { value, told: [effective_at, id] }));
  }
}

/**
 * @template R
 * @param {'location' | 'identifier' | 'answer'} name
 * @param {(row: any) => string[]} keyOf the key of a pulled row
 * @param {(key: string[], value: any, told: SortKey, own: boolean) => R} made
 * @returns {Promise<R[]>} by key
 */
async function registered(name, keyOf, made) {
  return cached(name, async () => {
    const [rows, own] = await Promise.all([(await database()).getAll(name), ownSayings()]);
    /** @type {Map<string, Told>} */
    const pulled = new Map(rows.map((row) => [registerKey(...keyOf(row)), { value: row, told: row.told }]));
    /** @type {Map<string, Told>} */
    const all = new Map(pulled);
    for (const [key, one] of own[name]) all.set(key, latest(all.get(key), one));
    return [...all].sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => made(JSON.parse(key), one.value, one.told, one !== pulled.get(key)));
  });
}

/** @returns {Promise<Location[]>} the shelves and bins of the facility, by name; those used no more too */
export async function locations() {
  const found = await registered('location', (row) => [row.code], ([code = ''], { name, active }) => ({ code, name, active }));
  const collator = new Intl.Collator();
  return [...found].sort((a, b) => collator.compare(a.name || a.code, b.name || b.code));
}

/** @returns {Promise<Identifier[]>} what codes mean at this facility; those that are not active mean nothing any more */
export function identifiers() {
  return registered('identifier', (row) => [row.system, row.value],
    ([system = '', value = ''], { product, active }) => ({ system, value, product, active }));
}

/**
 * @param {string} user
 * @param {string} key
 * @returns {Promise<any>} what that person keeps under it at this facility; undefined if nothing
 */
export async function preference(user, key) {
  const [row, own] = await Promise.all([
    (await database()).get('preference', registerKey(user, key)), ownSayings(),
  ]);
  const mine = own.preference.get(registerKey(user, key));
  if (!mine) return row?.value;
  return latest(row && { value: row.value, told: row.told }, mine).value;
}

/** @returns {Promise<RecallAnswer[]>} what this facility did of recalled lots */
export function answers() {
  return registered('answer', (row) => [row.recall, row.product, row.lot],
    ([recall = '', product = '', lot = ''], { found, quarantined, returned, destroyed, witness, note, author }, [at], own) => ({
      recall, product, lot, found, quarantined, returned, destroyed, witness, note, author, at, own,
    }));
}

/** @returns {Promise<(product: string, lot: string) => boolean>} whether a recall that is open names the lot */
export function calledBack() {
  return cached('called back', async () => {
    /** @type {Recall[]} */
    const rows = await (await database()).getAll('recall');
    return (/** @type {string} */ product, /** @type {string} */ lot) => rows.some((row) => row.product === product
      && (row.lots.length === 0 || row.lots.includes(lot)));
  });
}

/** @returns {Promise<Recall[]>} those that are open for this facility, with its answers, newest first */
export function recalls() {
  return cached('recall', async () => {
    const [rows, told] = await Promise.all([(await database()).getAll('recall'), answers()]);
    return rows.map((row) => ({ ...row, answers: told.filter(({ recall }) => recall === row.id) })).sort(newestFirst('opened_at'));
  });
}

/** @returns {Promise<Feedback[]>} what managers wrote, newest first */
export function feedback() {
  return cached('feedback', async () => {
    const [rows, own] = await Promise.all([(await database()).getAll('feedback'), ownSayings()]);
    return rows.map((row) => {
      const read = own.feedback.get(registerKey(row.id));
      return { ...row, read_at: row.read_at ?? (read ? new Date(read.told[0]).toISOString() : null) };
    }).sort(newestFirst('at'));
  });
}

/** @returns {Promise<Map<string, Level>>} by product code */
export function levels() {
  return cached('level', async () => {
    /** @type {Level[]} */
    const rows = await (await database()).getAll('level');
    return new Map(rows.map((row) => [row.product, row]));
  });
}

/**
 * @param {string} member an ISO 8601 moment
 * @returns {(a: any, b: any) => number}
 */
function newestFirst(member) {
  return (a, b) => (a[member] < b[member] ? 1 : a[member] > b[member] ? -1 : a.id < b.id ? -1 : 1);
}
