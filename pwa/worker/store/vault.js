/** Sealed entries by their place. What is in them is vault.js's; keys and plain text never come here. */

import { database } from './database.js';

/** @import { Sealed } from '../seal.js' */

/**
 * @param {string} place
 * @returns {Promise<Sealed | undefined>}
 */
export async function getEntry(place) {
  return (await database()).get('vault', place);
}

/**
 * @param {string} place
 * @param {Sealed | undefined} sealed undefined deletes it
 */
export async function putEntry(place, sealed) {
  const db = await database();
  if (sealed === undefined) await db.delete('vault', place);
  else await db.put('vault', sealed, place);
}

/**
 * @param {string} prefix
 * @returns {Promise<{place: string, sealed: Sealed}[]>} by place
 */
export async function allEntries(prefix) {
  const tx = (await database()).transaction('vault');
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  const [places, values] = await Promise.all([tx.store.getAllKeys(range), tx.store.getAll(range)]);
  return places.map((place, i) => ({ place: String(place), sealed: values[i] }));
}
