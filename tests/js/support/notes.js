/** Things sealed under the key of whoever is signed in, as the app seals what was typed: to see who can read them when. */

import { currentKeys } from '../../../pwa/worker/lock.js';
import { open, seal } from '../../../pwa/worker/seal.js';
import { database } from '../../../pwa/worker/store/database.js';

/** The device was locked meanwhile. */
export class Locked extends Error {
  name = 'Locked';
}

/** @returns {Promise<import('../../../pwa/worker/people.js').Keys>} throws Locked */
async function keys() {
  const found = await currentKeys();
  if (!found) throw new Locked('nobody is signed in');
  return found;
}

/** @param {string} name @returns {Promise<string>} where a note of whoever is signed in is */
export async function placeOf(name) {
  return `kept/${(await keys()).id}/notes/${name}`;
}

/** @param {string} name @param {unknown} value */
export async function put(name, value) {
  const { key } = await keys();
  const place = await placeOf(name);
  const sealed = await seal(key, value, place);
  await (await database()).put('draft', sealed, place);
}

/** @param {string} name @returns {Promise<any>} what was put, or undefined */
export async function get(name) {
  const { key } = await keys();
  const place = await placeOf(name);
  const sealed = await (await database()).get('draft', place);
  return sealed && open(key, sealed, place);
}
