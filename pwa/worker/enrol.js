/** Enrolling this device: once online, with a name and a password. Enrolled again, it is a new device. */

import { clock } from './clock.js';
import { inTurn } from './locks.js';
import { codeOf } from './problem.js';
import { enrolAs } from './store/records.js';

const TIMEOUT_MS = 60 * 1000;

/**
 * @typedef {object} Refusal
 * @property {string} reason `network`, `server`, or the code of the server's problem, such as `wrong_credentials`
 * @property {string} detail in the server's words; '' where it said nothing
 */

/**
 * Ask the server for a device of one's own and begin as it. What waits in the outbox is renumbered under the
 * new device and nothing is deleted.
 *
 * @param {{user: string, password: string, facility: string, name: string}} entry
 * @returns {Promise<Refusal | null>} null once enrolled
 */
export async function enrol(entry) {
  let response;
  let answer;
  try {
    response = await fetch('/sync/enrol', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(entry),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json().catch(() => null);
  } catch {
    return { reason: 'network', detail: '' };
  }
  if (response.status >= 500) return { reason: 'server', detail: '' };
  if (!response.ok) return { reason: codeOf(answer?.type), detail: String(answer?.detail ?? '') };
  if (typeof answer?.token !== 'string' || typeof answer.device !== 'string') return { reason: 'server', detail: '' };
  const session = {
    user: String(answer.user ?? entry.user), facility: String(answer.facility ?? entry.facility),
    device: answer.device, token: answer.token, device_name: entry.name, enrolled_at: clock.now(),
  };
  // An answer that is on its way to the old device must not be taken for the new one's.
  await inTurn('bincard-outbox', () => inTurn('bincard-feed', () => enrolAs(session, String(answer.epoch))));
  return null;
}
