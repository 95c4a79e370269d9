/**
 * What is one person's on this device: encrypted under their key, readable while they are signed in and by nobody else.
 * Keys of entries are not encrypted: ids only, nothing that tells of a person.
 */

import { currentKeys } from './lock.js';
import { open, seal } from './seal.js';
import { allEntries, getEntry, putEntry } from './store/vault.js';

/** @import { Keys } from './people.js' */

/** The device was locked meanwhile: nothing was read or written. */
export class Locked extends Error {
  name = 'Locked';
}

/** @returns {Promise<Keys>} throws Locked */
async function keys() {
  const found = await currentKeys();
  if (!found) throw new Locked('nobody is signed in');
  return found;
}

/**
 * @param {Keys} of
 * @param {string} collection
 * @param {string} key
 */
function placeOf({ id }, collection, key) {
  return `${id}/${collection}/${key}`;
}

/**
 * @param {string} collection a word, without a slash
 * @param {string} key
 * @returns {Promise<string>} where the entry of whoever is signed in is, for a transaction of the outbox that deletes it
 */
export async function entryKey(collection, key) {
  return placeOf(await keys(), collection, key);
}

/**
 * @param {string} collection
 * @param {string} key
 * @param {unknown} value anything that JSON writes; undefined deletes it
 * @returns {Promise<void>} throws Locked
 */
export async function put(collection, key, value) {
  const mine = await keys();
  const place = placeOf(mine, collection, key);
  await putEntry(place, value === undefined ? undefined : await seal(mine.key, value, place));
}

/**
 * @param {string} collection
 * @param {string} key
 * @returns {Promise<any>} what was put, or undefined; throws Locked
 */
export async function get(collection, key) {
  const mine = await keys();
  const place = placeOf(mine, collection, key);
  const sealed = await getEntry(place);
  return sealed && open(mine.key, sealed, place);
}

/**
 * @param {string} collection
 * @returns {Promise<{key: string, value: any}[]>} all entries of whoever is signed in, by key; throws Locked
 */
export async function list(collection) {
  const mine = await keys();
  const prefix = placeOf(mine, collection, '');
  const entries = await allEntries(prefix);
  return Promise.all(entries.map(async ({ place, sealed }) => ({
    key: place.slice(prefix.length), value: await open(mine.key, sealed, place),
  })));
}
