/** What a device's IndexedDB is between two lives of its program: read, copied, and left behind by a crash. */

import FDBFactory from '../vendor/fake-indexeddb/FDBFactory.js';
import Database from '../vendor/fake-indexeddb/lib/Database.js';
import Index from '../vendor/fake-indexeddb/lib/Index.js';
import ObjectStore from '../vendor/fake-indexeddb/lib/ObjectStore.js';

const NAME = 'bincard';

/**
 * The power goes. What was committed stays; what was not is undone, and whoever wrote it never hears of it.
 *
 * @param {any} disk an FDBFactory
 * @param {boolean} stands whether transactions that had nothing left to do but to commit did so
 */
export function crash(disk, stands) {
  for (const database of disk._databases.values()) {
    for (const tx of database.transactions) {
      if (tx._state === 'finished' || !tx._started) continue;
      const decided = tx.mode === 'readwrite' && tx._requests.length === 0;
      if (!(stands && decided)) for (const undo of tx._rollbackLog.reverse()) undo();
      tx._state = 'finished';
    }
    database.transactions = [];
    database.connections = [];
  }
  disk._connectionQueues = new Map();
}

/**
 * @param {any} disk with nothing under way
 * @returns {any} another with the same on it
 */
export function copy(disk) {
  const made = new FDBFactory();
  for (const [name, from] of disk._databases) {
    const database = new Database(name, from.version);
    for (const [storeName, store] of from.rawObjectStores) {
      const same = new ObjectStore(database, storeName, store.keyPath, store.autoIncrement);
      for (const [indexName, index] of store.rawIndexes) {
        const twin = new Index(same, indexName, index.keyPath, index.multiEntry, index.unique);
        twin.initialized = true;
        same.rawIndexes.set(indexName, twin);
      }
      for (const { key, value } of store.records.values()) {
        same.storeRecord({ key: structuredClone(key), value: structuredClone(value) }, false);
      }
      if (store.keyGenerator) same.keyGenerator.num = store.keyGenerator.num;
      database.rawObjectStores.set(storeName, same);
    }
    made._databases.set(name, database);
  }
  return made;
}

/**
 * One row as it lies on the disk, past all code of the app.
 *
 * @param {any} disk
 * @param {string} store
 * @param {any} key
 * @returns {any} undefined if there is none
 */
export function row(disk, store, key) {
  return disk._databases.get(NAME)?.rawObjectStores.get(store)?.records.get(key)?.value;
}

/**
 * @param {any} disk
 * @param {string} store
 * @returns {boolean} whether everything that was written there is committed
 */
export function isCommitted(disk, store) {
  return !disk._databases.get(NAME)?.transactions.some((/** @type {any} */ tx) => (
    tx._started && tx._state !== 'finished' && tx.mode === 'readwrite' && tx._scope.has(store)));
}

/**
 * @param {any} disk
 * @param {string} store
 * @returns {[any, any][]} its keys and values
 */
export function rows(disk, store) {
  const found = disk._databases.get(NAME)?.rawObjectStores.get(store);
  return found ? [...found.records.values()].map((/** @type {any} */ { key, value }) => [key, value]) : [];
}

/**
 * @param {any} disk
 * @returns {string[]} the names of its stores
 */
export function stores(disk) {
  return [...(disk._databases.get(NAME)?.rawObjectStores.keys() ?? [])];
}
