/** Pulling what changed: GET /sync/pull page by page until nothing more is there, resumed where it broke off. */

import { clock } from './clock.js';
import { alone } from './locks.js';
import { gap } from './operation.js';
import { getMeta, setMeta } from './store/meta.js';
import { rewind } from './store/records.js';
import { beginPull, integrate, stage } from './store/staging.js';

/** @import { Change } from './types.js' */

const PAGE_ROWS = 1000;

/**
 * @typedef {object} PullAnswer
 * @property {string} epoch
 * @property {Change[]} changes
 * @property {string} cursor
 * @property {boolean} more
 * @property {number} covers
 * @property {string} server_time
 * @property {number} [remaining] rows still to come, if the server says
 */

/**
 * @typedef {'done' | 'network' | 'signed_out' | 'server' | 'busy'} Outcome busy: another pull is under way
 */

/**
 * @param {(rows: number, remaining: number | null) => void} [progress] called after each page that is not the last
 * @returns {Promise<Outcome>}
 */
export async function pull(progress = () => {}) {
  const outcome = await alone('bincard-feed', () => pages(progress, (url, options) => fetch(url, options)));
  return outcome ?? 'busy';
}

/**
 * @param {(rows: number, remaining: number | null) => void} progress
 * @param {(url: string, options: RequestInit) => Promise<Response>} get
 * @returns {Promise<Outcome>}
 */
async function pages(progress, get) {
  for (;;) {
    const [session, paused, epoch, staging] = await Promise.all([
      getMeta('session'), getMeta('paused'), getMeta('epoch'), beginPull(),
    ]);
    if (!session || paused) return 'signed_out';
    const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
    if (staging.cursor !== null) query.set('cursor', staging.cursor);
    const started = clock.now();
    let response;
    /** @type {PullAnswer | null} */
    let answer;
    try {
      response = await get(`/sync/pull?${query}`, { headers: { Authorization: `Bearer ${session.token}` } });
      answer = await response.json().catch(() => null);
    } catch {
      return 'network';
    }
    if (response.status === 401 || response.status === 403) {
      await setMeta('paused', { reason: response.status === 401 ? 'signed_out' : 'revoked', at: clock.now() });
      return 'signed_out';
    }
    if (!response.ok || !answer || !Array.isArray(answer.changes)) return 'server';
    await setMeta('offset_ms', Math.round(Date.parse(answer.server_time) - (started + clock.now()) / 2));
    // A cursor of another life of the database is answered from the start: what was known before goes.
    const restart = answer.epoch !== epoch && staging.cursor !== null;
    const next = {
      cursor: answer.cursor,
      fresh: staging.fresh || restart,
      rows: (restart ? 0 : staging.rows) + answer.changes.length,
    };
    if (answer.more) {
      await stage(next, answer.changes, restart || staging.cursor === null);
      if (restart) await setMeta('epoch', answer.epoch);
      progress(next.rows, answer.remaining ?? null);
      continue;
    }
    if (restart) await stage({ ...next, cursor: staging.cursor }, [], true);
    await integrate(next, answer.changes, { epoch: answer.epoch, covers: answer.covers, now: clock.now() });
    // The new life of the database lacks what was answered after its backup: that is sent again.
    if (restart) await rewind(answer.covers + 1, answer.epoch, gap);
    return 'done';
  }
}
