/** The people of this device: what each one's key is wrapped in, wrong PINs so far, and whose the device is now. */

import { database } from './database.js';

/** @import { Meta } from '../types.js' */
/** @import { Sealed, Wrap } from '../seal.js' */

/**
 * @typedef {object} PersonRow
 * @property {string} id opaque, for addresses and keys: it tells nothing of the person
 * @property {string} user the name that signs
 * @property {ArrayBuffer} public half of the person's pair
 * @property {Sealed} private the other half, under the person's key
 * @property {Wrap | null} open the key under the device's secret alone, while the person has no PIN
 * @property {Wrap | null} pin
 * @property {Wrap | null} password so that a forgotten PIN loses nothing
 * @property {number} failures wrong PINs in a row
 * @property {number} failed_at ms since the epoch
 */

/** @type {PersonRow[] | null} all rows, for they are read at every request */
let known = null;

/** What was read before may be of another store. */
export function forgetPeople() {
  known = null;
}

/** @returns {Promise<PersonRow[]>} by name */
export async function personRows() {
  known ??= /** @type {PersonRow[]} */ (await (await database()).getAll('person'));
  return known;
}

/**
 * @param {string} user
 * @returns {Promise<PersonRow | undefined>}
 */
export async function personRow(user) {
  return (await personRows()).find((row) => row.user === user);
}

/** @param {PersonRow} row */
export async function putPerson(row) {
  const tx = (await database()).transaction('person', 'readwrite', { durability: 'strict' });
  void tx.store.put(row, row.user);
  await tx.done;
  known = null;
}

/** @param {string} user whose wraps and kept things go; what they recorded stays */
export async function deletePerson(user) {
  const row = await personRow(user);
  if (!row) return;
  const tx = (await database()).transaction(['person', 'draft'], 'readwrite', { durability: 'strict' });
  void tx.objectStore('person').delete(user);
  void tx.objectStore('draft').delete(IDBKeyRange.bound(`kept/${row.id}/`, `kept/${row.id}/\uffff`));
  await tx.done;
  known = null;
}

/**
 * @param {() => Promise<CryptoKey>} make
 * @returns {Promise<CryptoKey>} the device's secret, made once
 */
export async function deviceSecret(make) {
  const db = await database();
  const there = await db.get('meta', 'device_secret');
  if (there) return there;
  const made = await make();
  const tx = db.transaction('meta', 'readwrite', { durability: 'strict' });
  const meanwhile = await tx.store.get('device_secret');
  if (!meanwhile) await tx.store.put(made, 'device_secret');
  await tx.done;
  return meanwhile ?? made;
}

/** @typedef {Pick<Meta, 'session' | 'people' | 'unlocked' | 'person' | 'closed'>} Standing */

/** @returns {Promise<Partial<Standing>>} whose this device is, in one look */
export async function standing() {
  const tx = (await database()).transaction('meta');
  const [session, people, unlocked, person, closed] = await Promise.all([
    tx.store.get('session'), tx.store.get('people'), tx.store.get('unlocked'), tx.store.get('person'), tx.store.get('closed'),
  ]);
  return { session, people, unlocked, person, closed };
}

/**
 * From here on what is recorded is this person's.
 *
 * @param {Meta['unlocked']} unlocked
 */
export async function putUnlocked(unlocked) {
  const tx = (await database()).transaction('meta', 'readwrite');
  void tx.store.put(unlocked, 'unlocked');
  void tx.store.put(unlocked.user, 'person');
  void tx.store.delete('closed');
  await tx.done;
}

/**
 * Remember what the server says of this device.
 *
 * @param {unknown} answer of push or pull
 * @param {number} now
 */
export async function learnPeople(answer, now) {
  const { people, wipe } = /** @type {{people?: unknown, wipe?: unknown}} */ (answer ?? {});
  if (!Array.isArray(people)) return;
  const names = people.map(String).sort();
  const tx = (await database()).transaction('meta', 'readwrite');
  const [before, asked] = await Promise.all([tx.store.get('people'), tx.store.get('wipe')]);
  if (JSON.stringify(before) !== JSON.stringify(names)) await tx.store.put(names, 'people');
  if (wipe === true && !asked) await tx.store.put({ at: now }, 'wipe');
  if (wipe !== true && asked) await tx.store.delete('wipe');
  await tx.done;
}
