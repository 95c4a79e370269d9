/** Pulled pages: staged as they come, shown together when the last one is there. */

import { ENTITIES, database } from './database.js';
import { patchMirror } from './mirror.js';

/** @import { Change, Meta } from '../types.js' */

/** Counts up when this version keeps more of a pulled row than the last one did: everything is pulled anew. */
export const FEED_VERSION = 3;

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
    // Not one of ours: `access` is seen to below, and what a newer server sends FEED_VERSION fetches later.
    if (!ENTITIES.includes(change.entity)) continue;
    if (change.deleted || isOver(change)) void tx.objectStore(change.entity).delete(change.key);
    else void tx.objectStore(change.entity).put(change.row, change.key);
  }
  // After all other rows, for some of them may be of a facility that is withdrawn by the same pull.
  await applyAccess(tx, changes.filter(({ entity }) => entity === 'access'), staging.fresh, now);
  void tx.objectStore('staged').clear();
  void meta.delete('staging');
  void meta.delete('unpulled');
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
 * @returns {boolean} whether nothing of it is shown any more
 */
function isOver({ entity, row }) {
  return (entity === 'exception' && row?.state === 'closed') || (entity === 'shipment' && row?.state !== 'expected')
    || (entity === 'recall' && row?.closed_at !== null);
}

/** @typedef {import('../../vendor/idb.js').IDBPTransaction<unknown, string[], 'readwrite'>} Writing */

/**
 * Rows of a facility that this device may not see any more go, and the screens are told why. Access that was given
 * brings its rows by itself.
 *
 * @param {Writing} tx
 * @param {Change[]} changes of `access`
 * @param {boolean} fresh whether they are all that the server has to say of it
 * @param {number} now
 */
async function applyAccess(tx, changes, fresh, now) {
  const meta = tx.objectStore('meta');
  /** @type {Meta['session'] | undefined} */
  const session = await meta.get('session');
  if (fresh) await meta.delete('withdrawn');
  for (const { key, row, deleted } of changes) {
    const facility = String(row?.facility ?? key);
    const withdrawn = deleted === true || row?.granted === false;
    if (withdrawn) await purge(tx, facility, session?.facility);
    if (facility !== session?.facility) continue;
    if (withdrawn) await meta.put({ facility, at: now }, 'withdrawn');
    else await meta.delete('withdrawn');
  }
}

/** What is of one facility, and goes with it. */
const OF_A_FACILITY = [
  'card', 'lot', 'exception', 'shipment', 'location', 'identifier', 'preference', 'recall', 'answer', 'feedback', 'level',
];

/**
 * Operations, waiting or kept, never go.
 *
 * @param {Writing} tx
 * @param {string} facility
 * @param {string | undefined} here this device's: rows that bear no facility are of it
 */
async function purge(tx, facility, here) {
  for (const entity of OF_A_FACILITY) {
    for (let at = await tx.objectStore(entity).openCursor(); at; at = await at.continue()) {
      if ((at.value.facility ?? here) === facility) await at.delete();
    }
  }
}
