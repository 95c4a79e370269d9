/** Taking in a file that was carried here, and bringing what is another device's to the server: POST /sync/carried. */

import { afterOf, nextTry, waitFor } from './backoff.js';
import { BadFile, isSealed, linesOf, readFile } from './carry.js';
import { clock } from './clock.js';
import { isAnswer, packed, takeAnswer } from './flusher.js';
import { alone, inTurn } from './locks.js';
import { codeOf, isOurs, shutOut } from './problem.js';
import { allWaiting, carriedPart, keepCarried, settleCarried, waitingKeys } from './store/carried.js';
import { getMeta, pause, setMeta } from './store/meta.js';
import { learnPeople } from './store/people.js';

/** @import { Fault, File } from './carry.js' */
/** @import { CarriedPart } from './types.js' */

const TIMEOUT_MS = 90 * 1000;
/** What the server says of a part, and not of the device that brings it: asked again it would say the same. */
const FINAL = [400, 413, 422];

/**
 * What became of a file: `answers` for this device (settled: how many wait no more; again: others have to go once more;
 * copied: this store turned out to be a copy), or another device's to be brought (fresh: parts that were not here).
 *
 * @typedef {{is: 'answers', settled: number, again: boolean, copied: boolean} | {is: 'carried', fresh: number}
 *   | {is: 'refused', why: Fault | 'own_file' | 'answers_of_other' | 'bad_seal' | 'old_answers'}} Taken
 */

/** @returns {Promise<string[]>} the lines of a file with all that waits here; none where nothing does */
export async function ownLines() {
  const { session, epoch, records } = await allWaiting();
  return session ? linesOf(session, epoch, records, clock.now()) : [];
}

/**
 * @param {string} text of a file
 * @returns {Promise<Taken>}
 */
export async function takeIn(text) {
  let file;
  try {
    file = readFile(text);
  } catch (error) {
    if (error instanceof BadFile) return { is: 'refused', why: error.fault };
    throw error;
  }
  const session = await getMeta('session');
  if (!session) throw new Error('not enrolled');
  const own = file.device === session.device;
  if (file.purpose === 'answers') return own ? answered(file, session.token) : { is: 'refused', why: 'answers_of_other' };
  if (own) return { is: 'refused', why: 'own_file' };
  const taken_at = clock.now();
  const fresh = await keepCarried(file.parts.map(({ text: line, body }) => ({
    device: file.device, made_at: file.made_at, part: body.part, parts: body.parts, name: String(body.name ?? ''),
    count: body.operations.length, text: line, state: 'waiting', taken_at,
  })));
  return { is: 'carried', fresh };
}

/**
 * @param {File} file of answers for this device
 * @param {string} token
 * @returns {Promise<Taken>}
 */
async function answered({ parts }, token) {
  for (const { text, body } of parts) {
    if (!(await isSealed(token, 'answers', text)) || !isAnswer(body)) return { is: 'refused', why: 'bad_seal' };
  }
  // Not while a push of the same operations is under way.
  return inTurn('bincard-outbox', async () => {
    /** @type {Taken & {is: 'answers'}} */
    const taken = { is: 'answers', settled: 0, again: false, copied: false };
    for (const { body } of parts) {
      const [heard, epoch] = await Promise.all([getMeta('heard_at'), getMeta('epoch')]);
      const at = Date.parse(body.server_time);
      const latest = !(at < (heard ?? 0));
      // Of a life of the database that ended since: what it had entered may be lost.
      if (!latest && body.epoch !== epoch) return { is: 'refused', why: 'old_answers' };
      const { settled, changed, copied } = await takeAnswer(body, latest);
      if (latest) {
        await setMeta('heard_at', at);
        await learnPeople(body, clock.now());
      }
      taken.settled += settled;
      taken.again ||= changed;
      taken.copied ||= copied;
    }
    return taken;
  });
}

/**
 * Bring what was taken in for other devices. Never two at a time.
 *
 * @param {{now?: boolean}} [options] now: try at once, whatever was planned
 * @returns {Promise<boolean>} whether anything was settled
 */
export async function bring({ now = false } = {}) {
  if (now) await setMeta('carry_retry', undefined);
  return (await alone('bincard-carried', all)) ?? false;
}

/** @returns {Promise<boolean>} */
async function all() {
  if (waitFor(await getMeta('carry_retry')) > 0) return false;
  let settled = false;
  /** Devices of which a part did not come through: what follows it would only be told of the gap. @type {Set<string>} */
  const stuck = new Set();
  for (const key of await waitingKeys()) {
    const [part, session, paused] = await Promise.all([carriedPart(key), getMeta('session'), getMeta('paused')]);
    if (!session || paused) return settled;
    if (!part || stuck.has(part.device)) continue;
    const outcome = await one(part, session.token);
    if (outcome === 'stop') return settled;
    if (outcome === 'stuck') stuck.add(part.device);
    else settled = true;
  }
  if (settled && stuck.size === 0) await setMeta('carry_retry', undefined);
  return settled;
}

/**
 * @param {CarriedPart} part
 * @param {string} token
 * @returns {Promise<'settled' | 'stuck' | 'stop'>} settled: its outcome is known now; stuck: of this part the server, or
 *   something on the way, would not hear; stop: nor would it of any other
 */
async function one(part, token) {
  let response;
  let text;
  try {
    response = await fetch('/sync/carried', {
      method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS), ...(await packed(part.text, token)),
    });
    text = await response.text();
  } catch (error) {
    return later('stop', 'network', error instanceof Error ? error.message : '');
  }
  const answer = parsed(text);
  // Whether the seal is right only the device can tell that it is for.
  if (response.ok && isAnswer(answer) && answersTo(answer, part)) {
    await settleCarried(part, { state: 'answered', answers: text.trim() });
    return 'settled';
  }
  const detail = String(answer?.detail ?? answer?.title ?? response.status);
  const shut = shutOut(response.status, answer);
  if (shut) {
    await pause(shut, clock.now());
    return 'stop';
  }
  if (FINAL.includes(response.status) && isOurs(answer)) {
    await settleCarried(part, { state: 'refused', refusal: { code: codeOf(answer.type), detail } });
    return 'settled';
  }
  if (response.status === 429) return later('stop', 'busy', detail, afterOf(response, clock.now()));
  return later('stuck', response.status < 500 && !response.ok ? 'refused' : 'server', detail);
}

/** @param {string} text @returns {any} null for what is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {any} answer @param {CarriedPart} part */
function answersTo(answer, { device, made_at, part }) {
  return answer.device === device && answer.made_at === made_at && answer.part === part;
}

/**
 * @template {'stuck' | 'stop'} O
 * @param {O} outcome
 * @param {import('./types.js').Meta['retry']['why']} why
 * @param {string} detail
 * @param {number} [after]
 * @returns {Promise<O>}
 */
async function later(outcome, why, detail, after) {
  await setMeta('carry_retry', nextTry(await getMeta('carry_retry'), why, detail, after));
  return outcome;
}
