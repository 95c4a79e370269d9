/** When to try again after a failure: later each time, and not all tablets at the same moment. */

import { clock } from './clock.js';

/** @import { Meta } from './types.js' */

const FIRST_MS = 1000;
const MAX_MS = 5 * 60 * 1000;

/**
 * Twice as late each time, up to five minutes, and at a random point of the second half, so that a hundred tablets
 * that lost the same server do not come back at once.
 *
 * @param {Meta['retry'] | undefined} before
 * @param {Meta['retry']['why']} why
 * @param {string} detail
 * @param {number} [after] ms that the server asked for
 * @returns {Meta['retry']}
 */
export function nextTry(before, why, detail, after = 0) {
  const failures = (before?.failures ?? 0) + 1;
  const wait = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const planned_at = clock.now();
  return { failures, planned_at, at: planned_at + Math.max(after, wait * (0.5 + Math.random() / 2)), why, detail };
}

/**
 * @param {Meta['retry'] | undefined} retry
 * @returns {number} ms until the next try is due; 0 too once the clock was put back behind the last one
 */
export function waitFor(retry) {
  const now = clock.now();
  return retry && now >= (retry.planned_at ?? 0) ? Math.max(0, retry.at - now) : 0;
}

/**
 * @param {Response} response
 * @param {number} now
 * @returns {number} ms to wait by its Retry-After, which is seconds or a date; 0 if it does not say
 */
export function afterOf(response, now) {
  const value = response.headers.get('Retry-After') ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
