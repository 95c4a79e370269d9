/**
 * The outbox: what is recorded here is durable before the screen says "saved", and leaves only when the
 * server's stored answer to its id came back. Sending is in flusher.js; this is what screens use.
 */

import { waitFor } from './backoff.js';
import { lineCount } from './facts.js';
import { flushWith } from './flusher.js';
import { settled } from './kept.js';
import { LINES_MAX, TooLarge, operation } from './operation.js';
import { getMeta, setMeta } from './store/meta.js';
import { appendRecords, attention, countWaiting, recordsNewestFirst } from './store/records.js';

/** @import { Kind, Line, OutboxRecord, SyncStatus } from './types.js' */
/** @import { When } from './operation.js' */

export { TooLarge } from './operation.js';
export { DraftChanged } from './store/records.js';

/** The browser would not keep it (the disk is full, or storage is refused): nothing was saved. */
export class StorageRefused extends Error {
  name = 'StorageRefused';
}

/**
 * @typedef {object} Options
 * @property {Record<string, unknown>} [drafts] drafts to write (or, undefined, to delete) in the same transaction
 * @property {{key: string, is: (draft: any) => boolean}} [only] a draft that must still be as it was on the screen
 */

/**
 * Save an operation. When this resolves it is on the disk; worker.js tries to send after every POST.
 *
 * @param {Kind} kind
 * @param {{lines?: Line[]} & Record<string, any>} body exactly as PROTOCOL.md says
 * @param {When & Options} [options] when it happened, if before now
 * @returns {Promise<{id: string, seq: number}>}
 * @throws {TooLarge} over 200 lines or 64 KiB
 * @throws {StorageRefused} the browser did not keep it
 * @throws {DraftChanged} another tab was there first
 */
export async function append(kind, body, options = {}) {
  const [saved] = await appendAll([{ kind, body }], options);
  return /** @type {{id: string, seq: number}} */ (saved);
}

/**
 * Save several operations that belong together: all of them or, where one cannot be kept, none.
 *
 * @param {readonly {kind: Kind, body: {lines?: Line[]} & Record<string, any>}[]} operations in the order in which they happened
 * @param {When & Options} [options]
 * @returns {Promise<{id: string, seq: number}[]>}
 * @throws {TooLarge | StorageRefused | DraftChanged} as `append`
 */
export async function appendAll(operations, { drafts = {}, only, ...when } = {}) {
  for (const { body } of operations) if (lineCount(body) > LINES_MAX) throw new TooLarge(`${lineCount(body)} lines`);
  let records;
  try {
    records = await appendRecords(operations.map(({ kind, body }) => operation(kind, body, when)), { ...drafts, ...settled() }, only);
  } catch (error) {
    if (error instanceof DOMException || (error instanceof Error && error.name.endsWith('Error') && 'code' in error)) {
      throw new StorageRefused(`${error.name}: ${error.message}`);
    }
    throw error;
  }
  return records.map(({ id, seq }) => ({ id, seq: /** @type {number} */ (seq) }));
}

/** @returns {Promise<number>} how many operations wait for the server's answer */
export async function waiting() {
  return countWaiting();
}

/**
 * @param {{limit: number, before?: string}} options before: an id, for the next page
 * @returns {Promise<OutboxRecord[]>} newest first, answered ones too for 90 days
 */
export async function operations({ limit, before }) {
  return recordsNewestFirst(limit, before);
}

/** @returns {Promise<SyncStatus>} what the sync bar says */
export async function status() {
  const [count, toLookAt, paused, retry, lastSentAt] = await Promise.all([
    countWaiting(), attention(), getMeta('paused'), getMeta('retry'), getMeta('last_sent_at'),
  ]);
  const stuck = retry?.why === 'refused' || retry?.why === 'server';
  const need = toLookAt.length;
  return {
    state: paused ? 'paused' : need > 0 || (stuck && retry.failures > 3) ? 'attention'
      : count === 0 ? 'sent' : retry && retry.why === 'network' ? 'saved' : 'waiting',
    waiting: count,
    attention: need,
    lastSentAt: lastSentAt ?? null,
    reason: paused?.reason ?? (stuck ? retry.detail : ''),
    retryIn: retry && count > 0 ? waitFor(retry) : null,
  };
}

/**
 * Send what waits. Never two at a time; returns when nothing waits any more or the next try is not yet due.
 *
 * @param {{now?: boolean}} [options] now: try at once, whatever was planned (the network is back, a person asks)
 * @returns {Promise<boolean>} whether the server answered something new
 */
export async function flush({ now = false } = {}) {
  if (now) await setMeta('retry', undefined);
  return flushWith((url, options) => fetch(url, options));
}
