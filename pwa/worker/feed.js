/** Pulling what changed: GET /sync/pull page by page until nothing more is there, resumed where it broke off. */

import { clock } from './clock.js';
import { deviceStatus } from './device_status.js';
import { alone } from './locks.js';
import { gap } from './operation.js';
import { codeOf, shutOut } from './problem.js';
import { getMeta, learnOffset, pause } from './store/meta.js';
import { learnPeople } from './store/people.js';
import { rewind } from './store/records.js';
import { beginPull, integrate, stage, startAnew } from './store/staging.js';
import { unpack } from './unpack.js';

/** @import { Change } from './types.js' */
/** @import { Table } from './unpack.js' */

const PAGE_ROWS = 1000;
const TIMEOUT_MS = 90 * 1000;

/**
 * @typedef {object} PullAnswer
 * @property {string} epoch
 * @property {Change[]} changes
 * @property {Table[]} [tables] the changes packed, by a server that can
 * @property {string} cursor
 * @property {boolean} more
 * @property {number} covers
 * @property {string} server_time
 * @property {number} [remaining] rows still to come, if the server says
 */

/** @typedef {'done' | 'network' | 'signed_out' | 'server' | 'busy'} Outcome busy: another pull is under way */
/** @typedef {(rows: number, remaining: number | null) => void} Progress */

/**
 * @param {Progress} [progress] called after each page that is not the last
 * @returns {Promise<Outcome>}
 */
export async function pull(progress = () => {}) {
  return (await alone('bincard-feed', () => everyPage(progress))) ?? 'busy';
}

/**
 * @param {Progress} progress
 * @returns {Promise<Outcome>}
 */
async function everyPage(progress) {
  for (;;) {
    const [session, paused, staging] = await Promise.all([getMeta('session'), getMeta('paused'), beginPull()]);
    if (!session || paused) return 'signed_out';
    const query = new URLSearchParams({ limit: String(PAGE_ROWS), packed: '1' });
    if (staging.cursor !== null) query.set('cursor', staging.cursor);
    const answer = await page(query, session.token);
    if (answer === 'bad_cursor') {
      await startAnew();
      continue;
    }
    if (typeof answer === 'string') return answer;
    // A cursor of another life of the database is answered from the start: what was known before goes.
    const restart = staging.cursor !== null && answer.epoch !== staging.epoch;
    const next = {
      cursor: answer.cursor,
      epoch: answer.epoch,
      fresh: staging.fresh || restart,
      rows: (restart ? 0 : staging.rows) + answer.changes.length,
    };
    await stage(next, answer.changes, restart || staging.cursor === null);
    if (answer.more) {
      progress(next.rows, answer.remaining ?? null);
      continue;
    }
    await integrate(next, { covers: answer.covers, now: clock.now() });
    // A new life of the database lacks what was answered after its backup was taken: that is sent again.
    if (answer.epoch !== (await getMeta('epoch'))) await rewind(answer.covers + 1, answer.epoch, gap);
    return 'done';
  }
}

/**
 * @param {URLSearchParams} query
 * @param {string} token
 * @returns {Promise<PullAnswer | Outcome | 'bad_cursor'>} bad_cursor: the server never gave that one out
 */
async function page(query, token) {
  const started = clock.now();
  let response;
  /** @type {(PullAnswer & {type?: unknown}) | null} */
  let answer;
  try {
    response = await fetch(`/sync/pull?${query}`, {
      headers: { Authorization: `Bearer ${token}`, ...(await deviceStatus()) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json().catch(() => null);
    if (Array.isArray(answer?.tables)) answer.changes = unpack(answer.tables);
  } catch {
    return 'network';
  }
  const shut = shutOut(response.status, answer);
  if (shut) {
    await pause(shut, clock.now());
    return 'signed_out';
  }
  if (response.status === 400 && codeOf(answer?.type) === 'bad_cursor' && query.has('cursor')) return 'bad_cursor';
  if (!response.ok || !answer || !Array.isArray(answer.changes) || typeof answer.cursor !== 'string') return 'server';
  await learnOffset(answer.server_time, started, clock.now());
  await learnPeople(answer, clock.now());
  return answer;
}
