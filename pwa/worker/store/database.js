/** The IndexedDB database `bincard`: its stores, and the counters that tell caches when they are stale. */

import { openDB } from '../../vendor/idb.js';

/** @typedef {import('../../vendor/idb.js').IDBPDatabase} Database */

/** Pulled rows, one store an entity, each under the key the server gave it. */
export const ENTITIES = ['product', 'program', 'reason', 'facility', 'lot', 'user', 'exception', 'card'];

/** Counts up whenever pulled rows, or own operations, changed: what was computed before is stale. */
export const revision = { pulled: 0, own: 0 };

/** @type {Promise<Database> | null} */
let opening = null;

/** @returns {Promise<Database>} the open database; opened again after it was closed from outside */
export function database() {
  opening ??= openDB('bincard', 1, {
    upgrade(db) {
      db.createObjectStore('meta');
      db.createObjectStore('draft');
      db.createObjectStore('staged', { autoIncrement: true });
      for (const entity of ENTITIES) db.createObjectStore(entity);
      const outbox = db.createObjectStore('outbox', { keyPath: 'id' });
      outbox.createIndex('device_seq', ['device', 'seq']);
      outbox.createIndex('state_seq', ['state', 'seq']);
      outbox.createIndex('state', 'state');
      outbox.createIndex('outcome', 'outcome');
      outbox.createIndex('answered_at', 'answered_at');
      outbox.createIndex('products', 'products', { multiEntry: true });
    },
    blocking() {
      // A newer worker wants to upgrade the stores: let go at once, the next use opens them again.
      void close();
    },
    terminated() {
      opening = null;
    },
  }).catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Close the database; the next use opens it again. */
export async function close() {
  const open = opening;
  opening = null;
  if (open) (await open).close();
}
