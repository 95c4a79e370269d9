/**
 * The outbox: what is recorded here is durable before the screen says "saved", and leaves only when the
 * server's stored answer to its id came back. Sending is in flusher.js; this is what screens use.
 */

import { lineCount } from './facts.js';
import { flushWith, waitFor } from './flusher.js';
import { settled } from './kept.js';
import { LINES_MAX, TooLarge, operation } from './operation.js';
import { getMeta, setMeta } from './store/meta.js';
import { appendRecord, attention, countWaiting, recordsNewestFirst } from './store/records.js';

/** @import { Kind, Line, OutboxRecord, SyncStatus } from './types.js' */
/** @import { When } from './operation.js' */

export { TooLarge } from './operation.js';

/** The browser would not keep it (the disk is full, or storage is refused): nothing was saved. */
export class StorageRefused extends Error {
  name = 'StorageRefused';
}

/**
 * Save an operation. When this resolves it is on the disk; worker.js tries to send after every POST.
 *
 * @param {Kind} kind
 * @param {{lines?: Line[]} & Record<string, any>} body exactly as PROTOCOL.md says
 * @param {When & {drafts?: Record<string, unknown>}} [options] when it happened, if before now; drafts: drafts to
 *   write (or, undefined, to delete) in the same transaction
 * @returns {Promise<{id: string, seq: number}>}
 * @throws {TooLarge} over 200 lines or 64 KiB
 * @throws {StorageRefused} the browser did not keep it
 */
export async function append(kind, body, { drafts = {}, ...when } = {}) {
  if (lineCount(body) > LINES_MAX) throw new TooLarge(`${lineCount(body)} lines`);
  let record;
  try {
    record = await appendRecord(operation(kind, body, when), { ...drafts, ...settled() });
  } catch (error) {
    if (error instanceof DOMException || (error instanceof Error && error.name.endsWith('Error') && 'code' in error)) {
      throw new StorageRefused(`${error.name}: ${error.message}`);
    }
    throw error;
  }
  return { id: record.id, seq: /** @type {number} */ (record.seq) };
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
