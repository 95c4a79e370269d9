/** Sending what waits: batches, what each answer of POST /sync/push means, and when to try again. */

import { afterOf, nextTry, waitFor } from './backoff.js';
import { clock, iso } from './clock.js';
import { deviceStatus } from './device_status.js';
import { alone } from './locks.js';
import { gap } from './operation.js';
import { shutOut } from './problem.js';
import { getMeta, learnOffset, pause, setMeta } from './store/meta.js';
import { learnPeople } from './store/people.js';
import { forget, rewind, setAside, storeAnswers, waitingBatch } from './store/records.js';

/** @import { Meta, OutboxRecord } from './types.js' */
/** @import { Result } from './store/records.js' */

export const BATCH_MAX = 500;
/** Under 1 MiB inflated with the envelope and the sequence numbers. */
export const BATCH_BYTES_MAX = 960 * 1024;
export const ENVELOPE_BYTES = 48;
const TIMEOUT_MS = 90 * 1000;
const RESENDS_MAX = 5;
const KEPT_MS = 90 * 24 * 60 * 60 * 1000;

/** @typedef {(url: string, options: RequestInit) => Promise<Response>} Send */

/**
 * @typedef {object} PushAnswer
 * @property {string} epoch
 * @property {string} server_time
 * @property {number} expected_seq
 * @property {Result[]} results
 */

/** A save that came while a flush was at its end must not wait for the next occasion. */
let again = false;

/**
 * @param {Send} send
 * @returns {Promise<boolean>} whether the server answered something new
 */
export async function flushWith(send) {
  again = true;
  let settled = false;
  // Asked once more after the lock is free: whoever came while it was being given back was turned away.
  while (again) {
    const sent = await alone('bincard-outbox', () => {
      again = false;
      return run(send);
    });
    if (sent === null) break;
    settled = sent || settled;
  }
  return settled;
}

/**
 * @param {Send} send
 * @returns {Promise<boolean>}
 */
async function run(send) {
  let settled = false;
  let batch_max = BATCH_MAX;
  let resends = 0;
  for (;;) {
    const [session, epoch, paused, retry] = await Promise.all([
      getMeta('session'), getMeta('epoch'), getMeta('paused'), getMeta('retry'),
    ]);
    if (!session || paused || waitFor(retry) > 0) return settled;
    const batch = await waitingBatch(batch_max, BATCH_BYTES_MAX - batch_max * ENVELOPE_BYTES);
    if (batch.length === 0) return settled;
    const step = await push(send, session, epoch ?? null, batch);
    if (step === 'settled') settled = true;
    else if (step === 'resend') {
      // A server that asks for the same again and again is ill; it is asked more slowly.
      resends += 1;
      if (resends > RESENDS_MAX) await later('server', 'the server keeps asking for what it has answered');
    } else if (step === 'halve') {
      // It was too large for someone on the way: try half; one alone is set aside, where a person sees it.
      // Nothing is smaller than a gap: who refuses that refuses everything, and must not empty the queue so.
      const [first] = /** @type {[OutboxRecord]} */ (batch);
      if (batch.length > 1) batch_max = Math.ceil(batch.length / 2);
      else if (first.kind === 'device.gap') await later('refused', '413');
      else await setAside(first.id, gap);
    } else if (step === 'stop') return settled;
  }
}

/**
 * @param {Send} send
 * @param {Meta['session']} session
 * @param {string | null} epoch
 * @param {OutboxRecord[]} batch
 * @returns {Promise<'settled' | 'resend' | 'halve' | 'stop'>}
 */
async function push(send, session, epoch, batch) {
  const started = clock.now();
  let response;
  let answer;
  try {
    response = await send('/sync/push', {
      method: 'POST',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(await packed(envelope(session.device, epoch, started, batch), session.token)),
    });
    answer = await response.json().catch(() => null);
  } catch (error) {
    return later('network', error instanceof Error ? error.message : '');
  }
  const ended = clock.now();
  if (response.ok && isAnswer(answer)) {
    await learnOffset(answer.server_time, started, ended);
    await learnPeople(answer, ended);
    return accept(answer);
  }
  const detail = String(answer?.detail ?? answer?.title ?? response.status);
  if (response.status === 409 && Number.isInteger(answer?.expected_seq)) {
    const changed = await rewind(answer.expected_seq, String(answer.epoch ?? epoch ?? ''), gap);
    return changed ? 'resend' : later('server', detail);
  }
  if (response.status === 413) return 'halve';
  const shut = shutOut(response.status, answer);
  if (shut) {
    await pause(shut, ended);
    return 'stop';
  }
  if (response.status === 429) return later('busy', detail, afterOf(response, ended));
  return later(response.status < 500 && !response.ok ? 'refused' : 'server', detail);
}

/**
 * @param {PushAnswer} answer
 * @returns {Promise<'settled' | 'resend' | 'stop'>}
 */
async function accept(answer) {
  const { settled, copied, changed } = await takeAnswer(answer);
  // This store is a copy, or was put back to an earlier state: it needs a device id of its own, and waits for it.
  if (copied) return 'stop';
  if (changed) return 'resend';
  return settled > 0 ? 'settled' : later('server', 'no result');
}

/**
 * What every answer of the server means, by whatever way it came.
 *
 * @param {PushAnswer} answer
 * @param {boolean} [latest] false for one that was carried here and is older than what was heard since: it settles
 *   what it names, and says nothing of what the server lacks now
 * @returns {Promise<{settled: number, copied: boolean, changed: boolean}>} settled: how many do not wait any more;
 *   changed: others wait again
 */
export async function takeAnswer(answer, latest = true) {
  const now = clock.now();
  // How long an answer is kept goes by the server's clock: this device's may jump a year ahead and back.
  const answered_at = Date.parse(answer.server_time) || now;
  const { settled, copied } = await storeAnswers(answer.results, answered_at);
  // On a new epoch, or if the server knows less than it has answered, what it lacks is sent again.
  const changed = latest && (await rewind(answer.expected_seq, answer.epoch, gap));
  await Promise.all([setMeta('retry', undefined), setMeta('last_sent_at', now), forget(answered_at - KEPT_MS)]);
  return { settled, copied, changed };
}

/**
 * @param {unknown} answer
 * @returns {answer is PushAnswer}
 */
export function isAnswer(answer) {
  const given = /** @type {PushAnswer | null} */ (answer);
  return given !== null && typeof given === 'object' && Array.isArray(given.results)
    && Number.isInteger(given.expected_seq) && typeof given.epoch === 'string';
}

/**
 * The body of a push, by concatenation: the operations' texts go out byte for byte as they were saved.
 *
 * @param {string} device
 * @param {string | null} epoch
 * @param {number} sent_at
 * @param {readonly OutboxRecord[]} batch
 * @returns {string}
 */
export function envelope(device, epoch, sent_at, batch) {
  const operations = batch.map(({ seq, text }) => `{"seq":${seq},"operation":${text}}`).join(',');
  const head = JSON.stringify({ device, epoch, sent_at: iso(sent_at) });
  return `${head.slice(0, -1)},"operations":[${operations}]}`;
}

/**
 * @param {string} text
 * @param {string} token
 * @returns {Promise<{headers: Record<string, string>, body: BodyInit}>} gzipped where the browser can
 */
export async function packed(text, token) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...(await deviceStatus()) };
  if (typeof CompressionStream === 'undefined') return { headers, body: text };
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return { headers: { ...headers, 'Content-Encoding': 'gzip' }, body: await new Response(stream).arrayBuffer() };
}

/**
 * Plan the next try.
 *
 * @param {Meta['retry']['why']} why
 * @param {string} detail
 * @param {number} [after] ms that the server asked for
 * @returns {Promise<'stop'>}
 */
async function later(why, detail, after = 0) {
  await setMeta('retry', nextTry(await getMeta('retry'), why, detail, after));
  return 'stop';
}
