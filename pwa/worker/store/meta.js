/** What the device remembers about itself, and unfinished work (drafts). */

import { database } from './database.js';

/** @import { Meta } from '../types.js' */

/**
 * @template {keyof Meta} K
 * @param {K} key
 * @returns {Promise<Meta[K] | undefined>}
 */
export async function getMeta(key) {
  return (await database()).get('meta', key);
}

/**
 * @template {keyof Meta} K
 * @param {K} key
 * @param {Meta[K] | undefined} value undefined forgets it
 */
export async function setMeta(key, value) {
  const db = await database();
  if (value === undefined) await db.delete('meta', key);
  else await db.put('meta', value, key);
}

/**
 * Learn the server's clock from an answer. On a slow line its time may be of any moment of the round trip, so
 * what was known before stands for as long as it is possible.
 *
 * @param {string} server_time ISO 8601, of the answer
 * @param {number} started ms since the epoch, by this device
 * @param {number} ended likewise
 */
export async function learnOffset(server_time, started, ended) {
  const at = Date.parse(server_time);
  if (Number.isNaN(at)) return;
  const known = await getMeta('offset_ms');
  await setMeta('heard_at', at);
  if (typeof known === 'number' && known >= at - ended && known <= at - started) return;
  await setMeta('offset_ms', Math.round(at - (started + ended) / 2));
}

/**
 * Stop sending and pulling until someone signs in again.
 *
 * @param {Meta['paused']['reason']} reason
 * @param {number} at ms since the epoch
 */
export async function pause(reason, at) {
  await setMeta('paused', { reason, at });
}

/**
 * An unfinished form or count; it survives a closed tab, a restart and an update of the app.
 *
 * @param {string} key
 * @returns {Promise<any>} what was put, or undefined
 */
export async function getDraft(key) {
  return (await database()).get('draft', key);
}

/**
 * @param {string} key
 * @param {unknown} value anything that structured clone takes
 */
export async function putDraft(key, value) {
  await (await database()).put('draft', value, key);
}

/**
 * Read a draft and write what becomes of it, so that nothing of another tab comes in between.
 *
 * @param {string} key
 * @param {(draft: any) => unknown} change sync: from what is there, or undefined, to what shall be; undefined writes nothing
 * @returns {Promise<any>} what is there now
 */
export async function changeDraft(key, change) {
  const tx = (await database()).transaction('draft', 'readwrite');
  const before = await tx.store.get(key);
  const after = change(before);
  if (after !== undefined) void tx.store.put(after, key);
  await tx.done;
  return after ?? before;
}

/** @param {string} key */
export async function deleteDraft(key) {
  await (await database()).delete('draft', key);
}

/**
 * @param {string} prefix
 * @returns {Promise<{key: string, value: any}[]>} the drafts whose key begins so, by key
 */
export async function drafts(prefix) {
  const db = await database();
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  const [keys, values] = await Promise.all([db.getAllKeys('draft', range), db.getAll('draft', range)]);
  return keys.map((key, i) => ({ key: String(key), value: values[i] }));
}
