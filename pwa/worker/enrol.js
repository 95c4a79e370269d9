/** Enrolling this device, once online, with a name and a password; and signing more people in on it the same way. */

import { clock } from './clock.js';
import { inTurn } from './locks.js';
import { codeOf } from './problem.js';
import { getMeta } from './store/meta.js';
import { learnPeople } from './store/people.js';
import { enrolAs } from './store/records.js';

const TIMEOUT_MS = 60 * 1000;

/**
 * @typedef {object} Refusal
 * @property {string} reason `network`, `server`, or the code of the server's problem, such as `wrong_credentials`
 * @property {string} detail in the server's words; '' where it said nothing
 */

/**
 * @param {string} address
 * @param {unknown} body
 * @param {string} [token]
 * @returns {Promise<{answer: any} | {refusal: Refusal}>}
 */
async function ask(address, body, token) {
  let response;
  let answer;
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json().catch(() => null);
  } catch {
    return { refusal: { reason: 'network', detail: '' } };
  }
  if (response.status >= 500) return { refusal: { reason: 'server', detail: '' } };
  if (!response.ok) return { refusal: { reason: codeOf(answer?.type), detail: String(answer?.detail ?? '') } };
  return { answer };
}

/**
 * Ask the server for a device of one's own and begin as it. What waits in the outbox is renumbered under the
 * new device and nothing is deleted.
 *
 * @param {{user: string, password: string, facility: string, name: string}} entry
 * @returns {Promise<Refusal | {user: string}>} the name that signs, once enrolled
 */
export async function enrol(entry) {
  const asked = await ask('/sync/enrol', entry);
  if ('refusal' in asked) return asked.refusal;
  const { answer } = asked;
  if (typeof answer?.token !== 'string' || typeof answer.device !== 'string') return { reason: 'server', detail: '' };
  const session = {
    user: String(answer.user ?? entry.user), facility: String(answer.facility ?? entry.facility),
    device: answer.device, token: answer.token, device_name: entry.name, enrolled_at: clock.now(),
  };
  // An answer that is on its way to the old device must not be taken for the new one's.
  await inTurn('bincard-outbox', () => inTurn('bincard-feed', () => enrolAs(session, String(answer.epoch))));
  return { user: session.user };
}

/**
 * Let one more person use this device, or one who is of it already show that they know their password.
 *
 * @param {{user: string, password: string}} entry
 * @returns {Promise<Refusal | {user: string}>} the name that signs
 */
export async function signInHere(entry) {
  const session = await getMeta('session');
  if (!session) return { reason: 'no_valid_token', detail: '' };
  const asked = await ask('/sync/people', entry, session.token);
  if ('refusal' in asked) return asked.refusal;
  if (typeof asked.answer?.user !== 'string') return { reason: 'server', detail: '' };
  await learnPeople(asked.answer, clock.now());
  return { user: asked.answer.user };
}

/**
 * @param {string} token of the device that was erased here
 * @returns {Promise<boolean>} whether the server knows; also when it no longer knows the device
 */
export async function tellWiped(token) {
  const asked = await ask('/sync/wiped', {}, token);
  return 'answer' in asked || ['revoked_device', 'no_valid_token'].includes(asked.refusal.reason);
}
