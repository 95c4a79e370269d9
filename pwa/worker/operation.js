/** Making an operation: its text, which is made once, and what the outbox keeps beside it. */

import { clock, iso } from './clock.js';
import { factsOf } from './facts.js';
import { nextId, randomBytes } from './ids.js';

/** @import { Kind } from './types.js' */
/** @import { Make } from './store/records.js' */

export const LINES_MAX = 200;
export const BYTES_MAX = 64 * 1024;

/** More than one operation may hold; the screen should say: save it in two parts. */
export class TooLarge extends Error {
  name = 'TooLarge';
}

/**
 * The text is what is sent. It is made here and never serialised again, for its bytes are what "same
 * content" compares.
 *
 * @param {Kind} kind
 * @param {Record<string, any>} body
 * @param {string} [occurredAt] ISO 8601; when it happened, if not now
 * @returns {Make} throws TooLarge over 64 KiB
 */
export function operation(kind, body, occurredAt) {
  return ({ session, seq, last_id, cursor, offset_ms, last_corrected_at }) => {
    const now = clock.now();
    const id = nextId(last_id, now, randomBytes());
    const recorded_at = iso(now);
    const occurred_at = occurredAt === undefined ? recorded_at : iso(Date.parse(occurredAt));
    const text = wellFormed(JSON.stringify({
      id, kind, version: 1, facility: session.facility, author: session.user, recorded_at, occurred_at,
      offset_ms, seen: cursor, body,
    }));
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > BYTES_MAX) throw new TooLarge(`${bytes} bytes`);
    // What the server will make of the time, as far as it can be known here (PROTOCOL.md, "Time").
    const corrected = Math.max(now + (offset_ms ?? 0), last_corrected_at);
    const effective_at = occurred_at === recorded_at ? corrected : Math.min(Date.parse(occurred_at), corrected);
    return {
      id, seq, device: session.device, facility: session.facility, text, bytes, kind, author: session.user,
      products: [...new Set(factsOf(kind, body, { id, effective_at }).map((card) => card.product))],
      saved_at: now, occurred_at: Date.parse(occurred_at), effective_at, corrected_at: corrected, state: 'waiting',
    };
  };
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
