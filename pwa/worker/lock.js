/**
 * Whose the device is now. A device with a PIN is locked until someone enters theirs, and again on demand, after
 * rest, and when it is restarted without an open page: docs/decisions/0017.
 */

import { clock } from './clock.js';
import { askPages, tellPages } from './pages.js';
import { ensurePerson, keysOf, peopleOf, withoutPin } from './people.js';
import { keyOf, open, random, seal } from './seal.js';
import { getMeta, setMeta } from './store/meta.js';
import { personRow, personRows, putUnlocked, standing } from './store/people.js';

/** @import { Keys } from './people.js' */
/** @import { Standing } from './store/people.js' */

export const IDLE_MS = 5 * 60 * 1000;
/** Minutes that can be chosen. */
export const IDLE_CHOICES = [1, 2, 5, 10, 15, 30];
/** So often at most is it written down that someone is at work: a share of the idle time. */
const TOLD_SHARE = 8;

/** @typedef {{user: string, id: string, locked: boolean, idle: number | null}} Holder user '' and id '' while locked; idle: ms, null where there is no PIN */

/** @type {{keys: Keys, handle: Uint8Array<ArrayBuffer>} | null} the keys of whoever is signed in, in this worker's memory only */
let held = null;

/** @returns {Promise<number>} ms of rest after which the device locks itself */
export async function idleTime() {
  return (await getMeta('idle_ms')) ?? IDLE_MS;
}

/** @returns {Promise<Holder | null>} null before the device was enrolled */
export async function holder() {
  const at = await standing();
  if (!at.session) return null;
  const people = peopleOf(at);
  const rows = await personRows();
  const pinned = rows.some((row) => row.pin && people.includes(row.user));
  if (!pinned && !at.closed && people.includes(at.session.user)) {
    return { user: at.session.user, id: rows.find(({ user }) => user === at.session?.user)?.id ?? '', locked: false, idle: null };
  }
  const idle = await idleTime();
  const locked = { user: '', id: '', locked: true, idle };
  if (!at.unlocked) return locked;
  if (!people.includes(at.unlocked.user) || isIdle(at.unlocked.active_at, idle) || !(await stillHeld(at.unlocked))) {
    await lock();
    return locked;
  }
  return { user: at.unlocked.user, id: /** @type {Keys} */ (held?.keys).id, locked: false, idle };
}

/**
 * @param {number} active_at
 * @param {number} idle ms
 * @returns {boolean} also where the clock was put back: nobody knows how long it rested
 */
function isIdle(active_at, idle) {
  const rested = clock.now() - active_at;
  return rested >= idle || rested < -idle;
}

/**
 * The browser may have stopped this worker meanwhile: an open page keeps what the key is wrapped in.
 *
 * @param {NonNullable<Standing['unlocked']>} unlocked
 * @returns {Promise<boolean>}
 */
async function stillHeld({ user, sealed }) {
  if (held?.keys.user === user) return true;
  const row = await personRow(user);
  if (!row) return false;
  for (const answer of await askPages({ type: 'handle?' })) {
    if (!(answer instanceof Uint8Array)) continue;
    const handle = new Uint8Array(answer);
    try {
      const raw = Uint8Array.from(await open(await keyOf(handle), sealed, 'unlocked'));
      held = { keys: await keysOf(row, raw), handle };
      return true;
    } catch {
      // A page that was left open since another time.
    }
  }
  return false;
}

/**
 * Sign a person in whose PIN or password was right.
 *
 * @param {string} user
 * @param {ArrayBuffer} raw their key
 */
export async function unlock(user, raw) {
  const row = await personRow(user);
  if (!row) throw new Error('unlocked for nobody');
  await othersDone(user);
  const handle = random();
  const sealed = await seal(await keyOf(handle), [...new Uint8Array(raw)], 'unlocked');
  held = { keys: await keysOf(row, raw), handle };
  await putUnlocked({ user, sealed, active_at: clock.now() });
  await tellPages({ type: 'hold', handle });
}

/** Forget the keys. Who worked here last is remembered: what is still being saved is theirs. */
export async function lock() {
  held = null;
  await setMeta('unlocked', undefined);
  await tellPages({ type: 'locked' });
}

/** @returns {Promise<boolean>} whether it was locked, for nobody touched it for long */
export async function lockIfIdle() {
  const unlocked = await getMeta('unlocked');
  if (unlocked && !isIdle(unlocked.active_at, await idleTime())) return false;
  await lock();
  return true;
}

/** Someone touched a page. */
export async function touched() {
  const unlocked = await getMeta('unlocked');
  const idle = await idleTime();
  if (!unlocked || isIdle(unlocked.active_at, idle) || Math.abs(clock.now() - unlocked.active_at) < idle / TOLD_SHARE) return;
  await setMeta('unlocked', { ...unlocked, active_at: clock.now() });
}

/** @returns {Uint8Array | null} what a page keeps for the worker, while someone is signed in */
export function handleForPage() {
  return held?.handle ?? null;
}

/** What a restart of the worker leaves. */
export function forgetKeys() {
  held = null;
}

/** @returns {Promise<Keys | null>} of whoever the device is now; null while it is locked */
export async function currentKeys() {
  const now = await holder();
  if (!now || now.locked) return null;
  if (now.idle !== null) return held?.keys ?? null;
  const row = await ensurePerson(now.user);
  const raw = await withoutPin(row);
  return raw && keysOf(row, raw);
}

/** @type {Map<Promise<unknown>, string>} forms being worked on, and whose they are */
const working = new Map();

/**
 * What is under way is saved under the name of who sent it: nobody else signs in before it is done.
 *
 * @template T
 * @param {string} user
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
export function workOf(user, work) {
  const done = work.then(() => {}, () => {});
  working.set(done, user);
  void done.then(() => working.delete(done));
  return work;
}

/** @param {string} user */
async function othersDone(user) {
  await Promise.all([...working].filter(([, who]) => who !== user).map(([done]) => done));
}
