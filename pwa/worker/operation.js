/** Making an operation: its text, which is made once, and what the outbox keeps beside it. */

import { clock, iso } from './clock.js';
import { ownOperation } from './facts.js';
import { nextId, randomBytes } from './ids.js';

/** @import { Kind } from './types.js' */
/** @import { Make } from './store/records.js' */

export const LINES_MAX = 200;
export const BYTES_MAX = 64 * 1024;

/**
 * The newest version of each kind's body, where it is not the first: what is written here.
 *
 * @type {Partial<Record<Kind, number>>}
 */
const VERSIONS = { 'stock.issue': 2 };

/** More than one operation may hold; the screen should say: save it in two parts. */
export class TooLarge extends Error {
  name = 'TooLarge';
}

/**
 * When it happened, if not now.
 *
 * @typedef {object} When
 * @property {string} [occurredAt] the moment, ISO 8601
 * @property {string} [occurredDay] or only the day, YYYY-MM-DD, as the calendar at the facility has it
 */

/**
 * The text is what is sent. It is made here and never serialised again, for its bytes are what "same
 * content" compares.
 *
 * @param {Kind} kind
 * @param {Record<string, any>} body
 * @param {When} [when]
 * @returns {Make} throws TooLarge over 64 KiB
 */
export function operation(kind, body, when = {}) {
  return ({ session, author, seq, last_id, cursor, offset_ms, last_corrected_at }) => {
    const now = clock.now();
    const id = nextId(last_id, now, randomBytes());
    const recorded_at = iso(now);
    const { told: occurred_at, moment } = occurred(when, now);
    const text = wellFormed(JSON.stringify({
      id, kind, version: VERSIONS[kind] ?? 1, facility: session.facility, author, recorded_at, occurred_at,
      offset_ms, seen: cursor, body,
    }));
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > BYTES_MAX) throw new TooLarge(`${bytes} bytes`);
    // What the server will make of the time, as far as it can be known here (PROTOCOL.md, "Time").
    const corrected = Math.max(now + (offset_ms ?? 0), last_corrected_at);
    const effective_at = occurred_at === recorded_at ? corrected : Math.min(moment, corrected);
    const { cards, reverses } = ownOperation(kind, body, { id, effective_at });
    return {
      id, seq, device: session.device, facility: session.facility, text, bytes, kind, author,
      products: [...new Set(cards.map((card) => card.product))], ...(reverses !== null && { reverses }),
      saved_at: now, occurred_at: moment, effective_at, corrected_at: corrected, state: 'waiting',
    };
  };
}

/**
 * @param {When} when
 * @param {number} now
 * @returns {{told: string, moment: number}} as it goes over the wire; in ms since the epoch, a day at its local noon
 */
function occurred({ occurredAt, occurredDay }, now) {
  if (occurredDay === undefined) {
    const moment = occurredAt === undefined ? now : Date.parse(occurredAt);
    return { told: iso(moment), moment };
  }
  const [year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(occurredDay)?.slice(1).map(Number) ?? [];
  const noon = new Date(Number(year), Number(month) - 1, day, 12);
  if (noon.getMonth() + 1 !== month || noon.getDate() !== day) throw new RangeError(`${occurredDay} is not a day`);
  return { told: occurredDay, moment: noon.getTime() };
}

/**
 * Half of a surrogate pair is no character, and a server cannot read a batch that holds one.
 *
 * @param {string} text as JSON.stringify makes it, which writes halves, and only them, as escapes
 * @returns {string} the same with a replacement character for each
 */
function wellFormed(text) {
  return text.replace(/\\(?:ud[89a-f]..|.)/g, (escape) => (escape.length > 2 ? '\ufffd' : escape));
}

/**
 * @param {number} seq a delivery number that this device can no longer send
 * @returns {Make}
 */
export function gap(seq) {
  return operation('device.gap', { from: seq, to: seq });
}
