/** What this device's own operations do to cards whose pulled rows do not contain them: read from the outbox for own.js. */

import { ownOperation } from '../facts.js';
import { workOf } from '../own.js';
import { database, revision } from './database.js';

/** @import { Meta, OutboxRecord, OwnOperation, ShipmentRow } from '../types.js' */
/** @import { Work } from '../own.js' */

/** @typedef {{facility: string, work: Work, receipts: OwnOperation[]}} Own receipts: of shipments, not contained in what was pulled */

/** @type {{own: number, pulled: number, value: Own} | null} */
let cache = null;

/** @returns {Promise<Own>} kept until something is saved, answered or pulled */
export async function ownWork() {
  const { own, pulled } = revision;
  if (cache?.own === own && cache.pulled === pulled) return cache.value;
  const value = await workWith([]);
  cache = { own, pulled, value };
  return value;
}

/**
 * @param {OutboxRecord[]} more what was not recorded, as if it had been
 * @returns {Promise<Own>}
 */
export async function workWith(more) {
  const tx = (await database()).transaction(['meta', 'outbox', 'shipment', 'exception']);
  const meta = tx.objectStore('meta');
  /** @type {[Meta['session'] | undefined, number | undefined, Meta['unpulled'] | undefined]} */
  const [session, covers, unpulled] = await Promise.all([meta.get('session'), meta.get('covers'), meta.get('unpulled')]);
  /** @type {Own} */
  const value = { facility: session?.facility ?? '', work: workOf([], [], []), receipts: [] };
  if (session) {
    const devices = [{ device: session.device, covers: covers ?? 0 }, ...(unpulled ?? [])];
    const [records, reversals, shipments] = await Promise.all([
      recordsAfter(tx, devices), tx.objectStore('outbox').index('reverses').getAll(), tx.objectStore('shipment').getAll(),
    ]);
    const { mine, known } = await sorted(tx, session.facility, [...records, ...more], [...reversals, ...more]);
    value.receipts = mine.filter(({ id, shipment }) => shipment !== null && !reversals.some(({ reverses }) => reverses === id));
    value.work = workOf(mine, known, /** @type {ShipmentRow[]} */ (shipments));
  }
  await tx.done;
  return value;
}

/** @typedef {import('../../vendor/idb.js').IDBPTransaction<unknown, string[], 'readonly'>} Reading */

/**
 * @param {Reading} tx
 * @param {{device: string, covers: number}[]} devices
 * @returns {Promise<OutboxRecord[]>} what each delivered, or will, after what was pulled covers
 */
export async function recordsAfter(tx, devices) {
  const found = await Promise.all(devices.map(({ device, covers }) => {
    const after = IDBKeyRange.bound([device, covers], [device, Infinity], true, false);
    return tx.objectStore('outbox').index('device_seq').getAll(after);
  }));
  return found.flat();
}

/**
 * @param {Reading} tx
 * @param {string} facility
 * @param {OutboxRecord[]} records not contained in what was pulled
 * @param {OutboxRecord[]} reversals all that are kept
 * @returns {Promise<{mine: OwnOperation[], known: OwnOperation[]}>} known: contained in it, or of no place in it, as
 *   far as reversals and decisions ask
 */
async function sorted(tx, facility, records, reversals) {
  // What is held is not in the ledger, so it is not on the shelf's card either until a person decides.
  const counts = (/** @type {OutboxRecord} */ record) => record.facility === facility && record.outcome !== 'held'
    && record.state !== 'set_aside';
  const kept = records.filter(counts);
  const mine = await Promise.all(kept.map(async (record) => ({ ...read(record), ...(await unsettled(tx, record)) })));
  const own = new Set(mine.map(({ id }) => id));
  const before = reversals.filter((record) => !own.has(record.id) && counts(record));
  const asked = new Set(mine.flatMap(({ reverses, unsettles }) => [reverses, unsettles]));
  /** @type {(OutboxRecord | undefined)[]} */
  const targets = await Promise.all([...asked].flatMap((id) => (id && !own.has(id) ? [tx.objectStore('outbox').get(id)] : [])));
  const pending = new Set(records.map(({ id }) => id));
  const known = targets.flatMap((record) => {
    if (!record || counts(record)) return record ? [read(record)] : [];
    const uncertain = record.outcome === 'held' && record.facility === facility && !pending.has(record.id);
    return [uncertain ? { ...read(record), uncertain } : { ...read(record), cards: [], reverses: null }];
  });
  return { mine, known: [...known, ...before.map(read)] };
}

/** What a person may decide that leaves every card as it is; the others move or add something, or undo that. */
const IDLE = new Set(['refuse', 'expiry']);

/**
 * @param {Reading} tx
 * @param {OutboxRecord} record
 * @returns {Promise<{unsettles?: string}>} what a decision that is not pulled yet may change
 */
async function unsettled(tx, record) {
  if (record.kind !== 'exception.resolve') return {};
  const { exception, action } = JSON.parse(record.text).body;
  /** @type {{operation?: string, action?: string} | undefined} */
  const row = await tx.objectStore('exception').get(exception);
  // Merely to have seen it changes nothing, unless it takes the place of another decision.
  if (IDLE.has(action) || (action === 'accept' && row && !row.action)) return {};
  return { unsettles: row?.operation ?? '' };
}

/**
 * @param {OutboxRecord} record
 * @returns {OwnOperation}
 */
function read(record) {
  const operation = ownOperation(record.kind, JSON.parse(record.text).body, record);
  return record.renumbered ? { ...operation, resent: record.renumbered } : operation;
}
