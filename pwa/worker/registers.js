/**
 * PURE: what operations say of how something is. Twin of sync/registers.py; both pass tests/vectors/operations.
 * The latest in the order of the fold stands.
 */

import { cardKey } from './facts.js';
import { compareKeys } from './fold.js';

/** @import { Kind, Line, SortKey } from './types.js' */

/** @typedef {'location' | 'identifier' | 'preference' | 'vvm' | 'answer' | 'feedback'} RegisterName */

/**
 * @typedef {object} Saying
 * @property {RegisterName} name
 * @property {string} key JSON text of a list
 * @property {any} value
 */

/** @typedef {{value: any, told: SortKey}} Told what stands in a register, and its place */

/**
 * @param {...string} parts
 * @returns {string} the key of a register
 */
export function registerKey(...parts) {
  return JSON.stringify(parts);
}

/**
 * @param {Kind} kind
 * @param {Record<string, any>} body
 * @param {string} author
 * @returns {Saying[]} each register once
 */
export function sayingsOf(kind, body, author) {
  switch (kind) {
    case 'location.set':
      return [{ name: 'location', key: registerKey(body.code), value: { name: body.name ?? '', active: body.active ?? true } }];
    case 'product.identify':
      return [{ name: 'identifier', key: registerKey(body.system, body.value), value: { product: body.product, active: body.active ?? true } }];
    case 'person.set':
      return [{ name: 'preference', key: registerKey(author, body.key), value: body.value }];
    case 'recall.answer':
      return [{ name: 'answer', key: registerKey(body.recall.toLowerCase(), body.product, body.lot ?? ''), value: answer(body, author) }];
    case 'feedback.read':
      return [{ name: 'feedback', key: registerKey(body.feedback.toLowerCase()), value: { author } }];
    default:
      return stages(body);
  }
}

/**
 * @param {Record<string, any>} body
 * @param {string} author
 */
function answer({ found = 0, quarantined = 0, returned = 0, destroyed = 0, witness = '', note = '' }, author) {
  return { found, quarantined, returned, destroyed, witness, note, author };
}

/**
 * @param {Record<string, any>} body
 * @returns {Saying[]} the stage of each card that a line tells; the worse of two stands
 */
function stages(body) {
  /** @type {Map<string, number>} */
  const found = new Map();
  /** @type {Line[]} */
  const lines = ['lines', 'consumed', 'produced'].flatMap((part) => body[part] ?? []);
  for (const { vvm, ...line } of lines) {
    if (vvm === undefined || vvm === null) continue;
    for (const { location = '', account = '' } of line.to ? [line, line.to] : [line]) {
      const key = cardKey({ product: line.product, lot: line.lot?.number ?? '', location, account });
      found.set(key, Math.max(vvm, found.get(key) ?? 0));
    }
  }
  return [...found].map(([key, value]) => ({ name: 'vvm', key, value }));
}

/**
 * @param {Told | undefined} known
 * @param {Told} other
 * @returns {Told} the later of the two
 */
export function latest(known, other) {
  return known && compareKeys(known.told, other.told) >= 0 ? known : other;
}
