/** What is carried: this device's own outbox on its way into a file, and the parts of others' that were taken in here. */

import { database } from './database.js';

/** @import { CarriedPart, Meta, OutboxRecord } from '../types.js' */

const STRICT = /** @type {const} */ ({ durability: 'strict' });

/** @returns {Promise<{session: Meta['session'] | undefined, epoch: string | null, records: OutboxRecord[]}>} all that waits, in the order of delivery, and whose it is */
export async function allWaiting() {
  const tx = (await database()).transaction(['outbox', 'meta']);
  const range = IDBKeyRange.bound(['waiting', 0], ['waiting', Infinity]);
  const [records, session, epoch] = await Promise.all([
    tx.objectStore('outbox').index('state_seq').getAll(range), tx.objectStore('meta').get('session'), tx.objectStore('meta').get('epoch'),
  ]);
  return { session, epoch: epoch ?? null, records };
}

/**
 * Keep another device's file: all of it or nothing. What is here already stays as it is, but for a part that comes with
 * another text: the first was damaged on its way, unless the server has answered it.
 *
 * @param {readonly CarriedPart[]} parts
 * @returns {Promise<number>} how many were not here before
 */
export async function keepCarried(parts) {
  const tx = (await database()).transaction('carried', 'readwrite', STRICT);
  let fresh = 0;
  for (const part of parts) {
    /** @type {CarriedPart | undefined} */
    const there = await tx.store.get([part.device, part.made_at, part.part]);
    if (there && (there.text === part.text || there.state === 'answered')) continue;
    fresh += 1;
    await tx.store.put(part);
  }
  await tx.done;
  return fresh;
}

/** @returns {Promise<[string, string, number][]>} of the parts to bring, each device's in their order */
export async function waitingKeys() {
  return /** @type {any} */ (await (await database()).getAllKeysFromIndex('carried', 'state', 'waiting'));
}

/** @param {[string, string, number]} key @returns {Promise<CarriedPart | undefined>} if it still waits */
export async function carriedPart(key) {
  /** @type {CarriedPart | undefined} */
  const part = await (await database()).get('carried', key);
  return part?.state === 'waiting' ? part : undefined;
}

/** @returns {Promise<number>} */
export async function countCarried() {
  return (await database()).countFromIndex('carried', 'state', 'waiting');
}

/**
 * @param {CarriedPart} part
 * @param {Pick<CarriedPart, 'state' | 'answers' | 'refusal'>} outcome
 */
export async function settleCarried({ device, made_at, part }, outcome) {
  const tx = (await database()).transaction('carried', 'readwrite', STRICT);
  const there = await tx.store.get([device, made_at, part]);
  if (there) await tx.store.put({ ...there, ...outcome });
  await tx.done;
}

/** @typedef {{device: string, made_at: string, name: string, count: number, taken_at: number, state: CarriedPart['state'], parts: CarriedPart[]}} CarriedFile */

/** @returns {Promise<CarriedFile[]>} what was taken in for others, the newest first */
export async function carriedFiles() {
  /** @type {CarriedPart[]} */
  const all = await (await database()).getAll('carried');
  /** @type {Map<string, CarriedPart[]>} */
  const files = new Map();
  for (const part of all) {
    const key = `${part.device} ${part.made_at}`;
    files.set(key, [...(files.get(key) ?? []), part]);
  }
  return [...files.values()].map((parts) => {
    const [{ device, made_at, name, taken_at }] = /** @type {[CarriedPart]} */ (parts);
    /** @param {CarriedPart['state']} state */
    const some = (state) => parts.some((part) => part.state === state);
    /** @type {CarriedPart['state']} */
    const state = some('waiting') ? 'waiting' : some('refused') ? 'refused' : 'answered';
    return { device, made_at, name, taken_at, state, parts, count: parts.reduce((sum, part) => sum + part.count, 0) };
  }).sort((a, b) => b.taken_at - a.taken_at);
}

/**
 * @param {string} device
 * @param {string} made_at
 * @returns {Promise<CarriedFile | undefined>}
 */
export async function carriedFile(device, made_at) {
  return (await carriedFiles()).find((file) => file.device === device && file.made_at === made_at);
}

/**
 * Its owner has everything of it still: nothing is lost.
 *
 * @param {string} device
 * @param {string} made_at
 */
export async function removeCarried(device, made_at) {
  const tx = (await database()).transaction('carried', 'readwrite');
  void tx.store.delete(IDBKeyRange.bound([device, made_at, 0], [device, made_at, Infinity]));
  await tx.done;
}
