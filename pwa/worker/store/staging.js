/** Pulled pages: staged as they come, shown together when the last one is there. */

import { ENTITIES, database } from './database.js';
import { patchMirror } from './mirror.js';

/** @import { Change, Meta } from '../types.js' */

/** Counts up when this version keeps more of a pulled row than the last one did: everything is pulled anew. */
export const FEED_VERSION = 1;

/**
 * @returns {Promise<Meta['staging']>} where to go on: an unfinished pull, or a new one from what was integrated
 */
export async function beginPull() {
  const db = await database();
  const tx = db.transaction('meta');
  const [staging, cursor, epoch, version] = await Promise.all([
    tx.store.get('staging'), tx.store.get('cursor'), tx.store.get('pulled_epoch'), tx.store.get('feed_version'),
  ]);
  // What a former version left half done and did not begin from the start would lack what this one keeps.
  if (staging && (staging.fresh || version === FEED_VERSION)) return staging;
  if (cursor === undefined || version !== FEED_VERSION) return { cursor: null, epoch: '', fresh: true, rows: 0 };
  return { cursor, epoch, fresh: false, rows: 0 };
}

/** The next pull asks for everything, and what was staged is thrown away with its first page. */
export async function startAnew() {
  await (await database()).put('meta', { cursor: null, epoch: '', fresh: true, rows: 0 }, 'staging');
}

/**
 * Keep a page. After a crash the pull goes on behind it.
 *
 * @param {Meta['staging']} staging what is true with this page kept
 * @param {readonly Change[]} changes
 * @param {boolean} restart throw away what was staged before: this page is the first of everything
 */
export async function stage(staging, changes, restart) {
  const tx = (await database()).transaction(['staged', 'meta'], 'readwrite');
  const staged = tx.objectStore('staged');
  if (restart) await staged.clear();
  for (const change of changes) void staged.add(change);
  void tx.objectStore('meta').put(staging, 'staging');
  await tx.done;
}

/**
 * Show all that was staged at once.
 *
 * @param {Meta['staging']} staging of the last page; `fresh` replaces every pulled row
 * @param {{covers: number, now: number}} answer
 */
export async function integrate(staging, { covers, now }) {
  const tx = (await database()).transaction([...ENTITIES, 'staged', 'meta'], 'readwrite');
  const meta = tx.objectStore('meta');
  if (staging.fresh) await Promise.all(ENTITIES.map((entity) => tx.objectStore(entity).clear()));
  const changes = /** @type {Change[]} */ (await tx.objectStore('staged').getAll());
  for (const change of changes) {
    if (change.entity === 'access') {
      if (change.deleted || change.row?.granted === false) await purge(tx, String(change.row?.facility ?? change.key));
    } else if (!ENTITIES.includes(change.entity)) continue; // Of a newer server; FEED_VERSION fetches it later.
    else if (change.deleted || isClosed(change)) void tx.objectStore(change.entity).delete(change.key);
    else void tx.objectStore(change.entity).put(change.row, change.key);
  }
  void tx.objectStore('staged').clear();
  void meta.delete('staging');
  void meta.put(staging.cursor, 'cursor');
  void meta.put(staging.epoch, 'pulled_epoch');
  void meta.put(FEED_VERSION, 'feed_version');
  void meta.put(covers, 'covers');
  void meta.put(now, 'pulled_at');
  await tx.done;
  await patchMirror(changes, staging.fresh || changes.some(({ entity }) => entity === 'access'));
}

/**
 * @param {Change} change
 * @returns {boolean} whether it is an exception that stands no more: nothing of it is shown
 */
function isClosed({ entity, row }) {
  return entity === 'exception' && row?.state !== 'open';
}

/**
 * Access to a facility was withdrawn: its rows go. Operations, waiting or kept, never do.
 *
 * @param {import('../../vendor/idb.js').IDBPTransaction<unknown, string[], 'readwrite'>} tx
 * @param {string} facility
 */
async function purge(tx, facility) {
  for (const entity of ['card', 'lot', 'exception']) {
    for (let at = await tx.objectStore(entity).openCursor(); at; at = await at.continue()) {
      if (at.value.facility === facility) await at.delete();
    }
  }
}
