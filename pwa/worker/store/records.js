/**
 * The outbox's records: written once, delivered in the order of `seq`, kept after they were answered.
 *
 * Every function here is one transaction: a crash between two of them loses nothing and doubles nothing.
 */

import { database, revision } from './database.js';
import { patchMirror } from './mirror.js';

/** @import { AnswerException, Meta, OutboxRecord } from '../types.js' */

/**
 * @typedef {object} Moment what a new operation is made from
 * @property {Meta['session']} session
 * @property {string} author
 * @property {number} seq
 * @property {string | undefined} last_id
 * @property {string | null} cursor
 * @property {number | null} offset_ms
 * @property {number} last_corrected_at
 */

/** @typedef {(moment: Moment) => OutboxRecord} Make sync: it runs inside the transaction */

/** @typedef {import('../../vendor/idb.js').IDBPTransaction<unknown, string[], 'readwrite'>} Writing */

const STRICT = /** @type {const} */ ({ durability: 'strict' });

/**
 * @param {Writing} tx over `meta` and `outbox`
 * @param {Make} make
 * @param {number} [at] the delivery number to take; the next free one if absent
 * @returns {Promise<OutboxRecord>}
 */
async function add(tx, make, at) {
  const meta = tx.objectStore('meta');
  const [session, person, next, last_id, cursor, offset, corrected] = await Promise.all([
    meta.get('session'), meta.get('person'), meta.get('next_seq'), meta.get('last_id'), meta.get('cursor'),
    meta.get('offset_ms'), meta.get('last_corrected_at'),
  ]);
  if (!session) throw new Error('not enrolled');
  const seq = at ?? next ?? 1;
  const record = make({
    session, author: person ?? session.user, seq, last_id, cursor: cursor ?? null, offset_ms: offset ?? null, last_corrected_at: corrected ?? 0,
  });
  await Promise.all([
    tx.objectStore('outbox').add(record),
    meta.put(record.id, 'last_id'),
    meta.put(record.corrected_at, 'last_corrected_at'),
    at === undefined ? meta.put(seq + 1, 'next_seq') : null,
  ]);
  return record;
}

/** The draft that was to be saved is gone or another by now: another tab saved or changed it. Nothing was written. */
export class DraftChanged extends Error {
  name = 'DraftChanged';
}

/**
 * Write new operations, and the drafts that they settle, so that either all is kept or nothing.
 *
 * @param {readonly Make[]} makes
 * @param {Record<string, unknown>} drafts by key; undefined deletes one
 * @param {{key: string, is: (draft: any) => boolean}} [only] a draft that must still be what was on the screen
 * @returns {Promise<OutboxRecord[]>} once they are durable, in the order of `makes`
 * @throws {DraftChanged}
 */
export async function appendRecords(makes, drafts, only) {
  const tx = (await database()).transaction(['meta', 'outbox', 'draft'], 'readwrite', STRICT);
  try {
    if (only && !only.is(await tx.objectStore('draft').get(only.key))) throw new DraftChanged(only.key);
    const records = [];
    for (const make of makes) records.push(await add(tx, make));
    for (const [key, value] of Object.entries(drafts)) {
      if (value === undefined) await tx.objectStore('draft').delete(key);
      else await tx.objectStore('draft').put(value, key);
    }
    await tx.done;
    revision.own += 1;
    return records;
  } catch (error) {
    abandon(tx);
    throw error;
  }
}

/** @param {Writing} tx */
function abandon(tx) {
  tx.done.catch(() => {});
  try {
    tx.abort();
  } catch {
    // It was aborted already, by the failure that brought us here.
  }
}

/**
 * @param {number} count_max
 * @param {number} bytes_max of their texts
 * @returns {Promise<OutboxRecord[]>} the first waiting ones in the order of delivery; at least one if any waits
 */
export async function waitingBatch(count_max, bytes_max) {
  const range = IDBKeyRange.bound(['waiting', 0], ['waiting', Infinity]);
  /** @type {OutboxRecord[]} */
  const records = await (await database()).getAllFromIndex('outbox', 'state_seq', range, count_max);
  let bytes = 0;
  const fit = records.findIndex((record) => (bytes += record.bytes) > bytes_max);
  return fit < 0 ? records : records.slice(0, Math.max(1, fit));
}

/** @returns {Promise<number>} how many operations wait for an answer */
export async function countWaiting() {
  return (await database()).countFromIndex('outbox', 'state', 'waiting');
}

/** @returns {Promise<OutboxRecord | undefined>} the one that is to be delivered first */
export async function oldestWaiting() {
  const range = IDBKeyRange.bound(['waiting', 0], ['waiting', Infinity]);
  return (await (await database()).getAllFromIndex('outbox', 'state_seq', range, 1))[0];
}

/**
 * @typedef {object} Result one answer of the server
 * @property {string} id
 * @property {'applied' | 'flagged' | 'held'} outcome
 * @property {AnswerException[]} exceptions
 */

/**
 * Store what the server answered. Only a result with its own id takes an operation out of the waiting ones.
 * Whether this store is a copy is stored with it: heard and forgotten in a crash, it would not be told again.
 *
 * @param {readonly Result[]} results
 * @param {number} now
 * @returns {Promise<{settled: number, copied: boolean}>} how many were waiting until now; whether one that was never
 *   answered before bears a delivery number that another operation had: then this store is a copy. An answer of long
 *   ago, heard again after the server was restored, says nothing of now
 */
export async function storeAnswers(results, now) {
  const tx = (await database()).transaction(['outbox', 'meta'], 'readwrite', STRICT);
  const outbox = tx.objectStore('outbox');
  const records = await Promise.all(results.map(({ id }) => outbox.get(id)));
  let settled = 0;
  let copied = false;
  for (const [i, result] of results.entries()) {
    const record = /** @type {OutboxRecord | undefined} */ (records[i]);
    if (record?.state !== 'waiting') continue;
    settled += 1;
    if (record.outcome === undefined && result.exceptions?.some(({ code }) => code === 'seq_reused')) copied = true;
    void outbox.put({
      ...record, state: 'answered', outcome: result.outcome, exceptions: result.exceptions, answered_at: now,
    });
  }
  if (copied) void tx.objectStore('meta').put({ reason: 'seq_reused', at: now }, 'paused');
  await tx.done;
  revision.own += 1;
  return { settled, copied };
}

/**
 * The server expects `from`: what was answered from there on waits again out of the kept operations, and a
 * number of which nothing is kept is declared lost by a gap operation, one a number. At a server that began a
 * new life everything that is kept waits again, what was sent as a former device under new numbers: it may
 * have been answered after the backup was taken, and the number expected says nothing of it. What the server
 * still has it answers as before.
 *
 * @param {number} from
 * @param {string} epoch stored with it, so that a crash in between asks the same again
 * @param {(seq: number) => Make} gap
 * @returns {Promise<boolean>} whether anything waits that did not
 */
export async function rewind(from, epoch, gap) {
  const tx = (await database()).transaction(['meta', 'outbox'], 'readwrite', STRICT);
  const meta = tx.objectStore('meta');
  const outbox = tx.objectStore('outbox');
  const [session, before] = await Promise.all([meta.get('session'), meta.get('epoch')]);
  let next = (await meta.get('next_seq')) ?? 1;
  await meta.put(epoch, 'epoch');
  const range = IDBKeyRange.bound([session.device, from], [session.device, Infinity]);
  /** @type {OutboxRecord[]} */
  const records = await outbox.index('device_seq').getAll(range);
  const kept = new Set(records.map((record) => record.seq));
  let changed = false;
  for (let seq = from; seq < next; seq += 1) {
    if (kept.has(seq)) continue;
    changed = true;
    await add(tx, gap(seq), seq);
  }
  for (const record of before === epoch ? records : await outbox.index('state').getAll('answered')) {
    if (record.state !== 'answered') continue;
    const former = record.device !== session.device;
    if (former && record.kind === 'device.gap') continue;
    changed = true;
    const anew = former && { device: session.device, seq: next, renumbered: /** @type {const} */ ('answered') };
    await outbox.put({ ...record, state: 'waiting', ...anew });
    if (former) next += 1;
  }
  await meta.put(next, 'next_seq');
  await tx.done;
  revision.own += 1;
  return changed;
}

/**
 * Take an operation that the server will not even read out of the queue. It is kept and shown; its delivery
 * number is declared lost.
 *
 * @param {string} id
 * @param {(seq: number) => Make} gap
 */
export async function setAside(id, gap) {
  const tx = (await database()).transaction(['meta', 'outbox'], 'readwrite', STRICT);
  /** @type {OutboxRecord} */
  const { seq, ...record } = await tx.objectStore('outbox').get(id);
  if (seq === undefined) return;
  const { id: gapId } = await add(tx, gap(seq), seq);
  await tx.objectStore('outbox').put({ ...record, state: 'set_aside', gap: gapId });
  await tx.done;
  revision.own += 1;
}

/**
 * Begin again as a new device: what waits is numbered from 1 under it, in the order in which it was saved.
 * Gap operations of the old device mean nothing under the new one and are left out; what was set aside, and of which
 * nobody was told so, is tried again. At a server that began a
 * new life all kept operations wait again: what it had answered before may be lost there, and what is not is
 * answered as before. Until the next pull the cards that were pulled before are still shown.
 *
 * @param {Meta['session']} session
 * @param {string} epoch
 */
export async function enrolAs(session, epoch) {
  const tx = (await database()).transaction(['meta', 'outbox', 'staged'], 'readwrite', STRICT);
  const outbox = tx.objectStore('outbox');
  const meta = tx.objectStore('meta');
  const [before, former, covers, unpulled] = await Promise.all([
    meta.get('epoch'), meta.get('session'), meta.get('covers'), meta.get('unpulled'),
  ]);
  /** @type {OutboxRecord[]} */
  const waiting = await outbox.index('state').getAll('waiting');
  if (before !== undefined && before !== epoch) waiting.push(...(await outbox.index('state').getAll('answered')));
  const untold = new Set(waiting.filter(({ kind, state }) => kind === 'device.gap' && state === 'waiting').map(({ id }) => id));
  /** @type {OutboxRecord[]} */
  const aside = await outbox.index('state').getAll('set_aside');
  waiting.push(...aside.filter(({ gap }) => gap !== undefined && untold.has(gap)));
  let seq = 0;
  for (const record of waiting.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (record.kind !== 'device.gap') {
      const renumbered = record.outcome === undefined ? 'unanswered' : 'answered';
      await outbox.put({ ...record, device: session.device, seq: (seq += 1), state: 'waiting', renumbered });
    } else if (untold.has(record.id)) await outbox.delete(record.id);
  }
  await Promise.all([
    meta.put(session, 'session'), meta.put(seq + 1, 'next_seq'), meta.put(epoch, 'epoch'), meta.put(0, 'covers'),
    meta.put({ cursor: null, epoch, fresh: true, rows: 0 }, 'staging'), tx.objectStore('staged').clear(),
    meta.delete('cursor'), meta.delete('paused'), meta.delete('retry'), meta.delete('withdrawn'),
    // The server knows nobody else of the new device, and whoever was signed in on the old one is so no more.
    meta.put([session.user], 'people'), meta.delete('person'), meta.delete('unlocked'), meta.delete('closed'), meta.delete('wipe'), meta.delete('wiped'),
    former && meta.put([...(unpulled ?? []), { device: former.device, covers: covers ?? 0 }], 'unpulled'),
  ]);
  await tx.done;
  revision.own += 1;
  await patchMirror([], true);
}

/**
 * @param {number} limit
 * @param {string} [before] id: only older ones
 * @returns {Promise<OutboxRecord[]>} newest first
 */
export async function recordsNewestFirst(limit, before) {
  const tx = (await database()).transaction('outbox');
  const range = before === undefined ? null : IDBKeyRange.upperBound(before, true);
  /** @type {OutboxRecord[]} */
  const found = [];
  for (let at = await tx.store.openCursor(range, 'prev'); at && found.length < limit; at = await at.continue()) {
    found.push(at.value);
  }
  return found;
}

/**
 * @param {string} id
 * @returns {Promise<OutboxRecord | undefined>} what was recorded here under this id, if it is still kept
 */
export async function operationOf(id) {
  return (await database()).get('outbox', id);
}

/**
 * @param {string} id
 * @returns {Promise<OutboxRecord[]>} what was recorded here to take that operation back
 */
export async function reversalsOf(id) {
  return (await database()).getAllFromIndex('outbox', 'reverses', id);
}

/** @typedef {{id: string, standing: AnswerException[]}[]} Attention */

/** @type {{own: number, pulled: number, value: Attention} | null} */
let attentionCache = null;

/**
 * @returns {Promise<Attention>} operations that a person should look at: set
 * aside, or with exceptions that still stand as far as this device knows
 */
export async function attention() {
  const { own, pulled: upto } = revision;
  if (attentionCache?.own === own && attentionCache.pulled === upto) return attentionCache.value;
  const tx = (await database()).transaction(['outbox', 'exception', 'meta']);
  const outbox = tx.objectStore('outbox');
  const [aside, flagged, held, covers, session, rows] = await Promise.all([
    outbox.index('state').getAll('set_aside'), outbox.index('outcome').getAll('flagged'),
    outbox.index('outcome').getAll('held'), tx.objectStore('meta').get('covers'), tx.objectStore('meta').get('session'),
    tx.objectStore('exception').getAll(),
  ]);
  const stands = rows.filter((row) => row.state === 'open');
  const open = new Set(stands.map((row) => row.id));
  const asked = new Set(stands.map((row) => row.operation));
  /** @type {Attention} */
  const found = [];
  for (const { id, gap } of /** @type {OutboxRecord[]} */ (aside)) {
    // A person decides on it by deciding on the gap that was sent in its place.
    const sent = gap === undefined ? undefined : await outbox.get(gap);
    const heard = gap !== undefined && (!sent || (sent.state === 'answered' && isPulled(sent, session, covers)));
    if (!heard || asked.has(gap)) found.push({ id, standing: [] });
  }
  for (const record of /** @type {OutboxRecord[]} */ ([...flagged, ...held])) {
    if (record.state !== 'answered') continue;
    // An answer is a snapshot. Once a pull contains the operation, what stands is what the pull says.
    const pulled = isPulled(record, session, covers);
    const standing = (record.exceptions ?? []).filter(({ id }) => !pulled || open.has(id));
    if (standing.length > 0) found.push({ id: record.id, standing });
  }
  attentionCache = { own, pulled: upto, value: found };
  return found;
}

/**
 * @param {OutboxRecord} record
 * @param {Meta['session'] | undefined} session
 * @param {number | undefined} covers
 * @returns {boolean} whether the last pull contains what the server made of it
 */
function isPulled({ device, seq }, session, covers) {
  return device !== session?.device || (seq ?? 0) <= (covers ?? 0);
}

/**
 * @param {number} before ms since the epoch: forget what was answered before
 */
export async function forget(before) {
  const tx = (await database()).transaction('outbox', 'readwrite');
  const old = IDBKeyRange.upperBound(before, true);
  for (let at = await tx.store.index('answered_at').openCursor(old); at; at = await at.continue()) {
    if (at.value.state === 'answered') await at.delete();
  }
  await tx.done;
}
