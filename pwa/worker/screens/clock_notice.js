/** A clock that cannot be right is told where one works by it; what is recorded gets the right time as far as it is known. */

import { clock } from '../clock.js';
import { html } from '../html.js';
import { getMeta } from '../store.js';
import { notice } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx } from '../types.js' */

/** Less than this is a time zone or a battery that was out for an hour; the server bears with it. */
const WRONG_MS = 86_400_000;

/**
 * PURE
 *
 * @param {number} now ms since the epoch, by this device
 * @param {{pulled_at?: number, corrected_at?: number, offset_ms?: number}} known what the device knows to be past by
 *   its own clock (pulled) and by the server's (corrected), and how far the two were apart
 * @returns {boolean} whether the clock must be set
 */
export function clockWrong(now, { pulled_at = 0, corrected_at = 0, offset_ms = 0 }) {
  const past = Math.max(pulled_at, corrected_at - offset_ms);
  return now < past - WRONG_MS || Math.abs(offset_ms) > WRONG_MS;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Html | null>}
 */
export async function clockNotice({ t, fmt }) {
  const [pulled_at, corrected_at, offset_ms] = await Promise.all([getMeta('pulled_at'), getMeta('last_corrected_at'), getMeta('offset_ms')]);
  const now = clock.now();
  if (!clockWrong(now, { pulled_at, corrected_at, offset_ms })) return null;
  return notice('warn', html`<p class="strong">${t('The clock of this device says {when}. That cannot be right.', { when: fmt.dateTime(now) })}</p>
<p>${t('Set the date and time of the device. You can go on working meanwhile: nothing is lost.')}</p>`);
}
