/** The IndexedDB database `bincard`: its stores, and the counters that tell caches when they are stale. */

import { openDB } from '../../vendor/idb.js';

/** @typedef {import('../../vendor/idb.js').IDBPDatabase} Database */

/** Pulled rows, one store an entity, each under the key the server gave it. */
export const ENTITIES = [
  'product', 'program', 'reason', 'facility', 'lot', 'user', 'exception', 'card', 'shipment',
  'location', 'identifier', 'preference', 'recall', 'answer', 'feedback', 'level',
];

/** Each version adds to the one before and takes nothing away, so that an older worker can still use a newer store. */
const VERSION = 4;

/** Counts up whenever pulled rows, or own operations, changed: what was computed before is stale. */
export const revision = { pulled: 0, own: 0 };

/** @type {Promise<Database> | null} */
let opening = null;

/** @returns {Promise<Database>} the open database; opened again after it was closed from outside */
export function database() {
  opening ??= openVersion(VERSION).catch((error) => {
    // A newer version of the app was here, and an older one is served again.
    if (error?.name === 'VersionError') return openVersion(undefined);
    throw error;
  }).catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

/**
 * @param {number | undefined} version undefined: whatever is there
 * @returns {Promise<Database>}
 */
function openVersion(version) {
  return openDB('bincard', version, {
    upgrade(db, from, _to, tx) {
      if (from < 1) createFirst(db);
      if (from < 2) {
        db.createObjectStore('shipment');
        tx.objectStore('outbox').createIndex('reverses', 'reverses');
      }
      if (from < 3) {
        for (const entity of ['location', 'identifier', 'preference', 'recall', 'answer', 'feedback', 'level']) {
          db.createObjectStore(entity);
        }
        db.createObjectStore('person');
      }
      if (from < 4) db.createObjectStore('carried', { keyPath: ['device', 'made_at', 'part'] }).createIndex('state', 'state');
    },
    blocking() {
      // A newer worker wants to upgrade the stores: let go at once, the next use opens them again.
      void close();
    },
    terminated() {
      opening = null;
    },
  });
}

/** @param {Database} db the stores as the first version made them */
function createFirst(db) {
  db.createObjectStore('meta');
  db.createObjectStore('draft');
  db.createObjectStore('staged', { autoIncrement: true });
  for (const entity of ['product', 'program', 'reason', 'facility', 'lot', 'user', 'exception', 'card']) {
    db.createObjectStore(entity);
  }
  const outbox = db.createObjectStore('outbox', { keyPath: 'id' });
  outbox.createIndex('device_seq', ['device', 'seq']);
  outbox.createIndex('state_seq', ['state', 'seq']);
  outbox.createIndex('state', 'state');
  outbox.createIndex('outcome', 'outcome');
  outbox.createIndex('answered_at', 'answered_at');
  outbox.createIndex('products', 'products', { multiEntry: true });
}

/** Close the database; the next use opens it again. */
export async function close() {
  const open = opening;
  opening = null;
  if (open) (await open).close();
}
