/** What a person uses comes first: what they used last, kept on this device, and their favourites, which follow them. */

import { append } from '../outbox.js';
import { changeDraft, getDraft, preference } from '../store.js';

/** @import { Ctx } from '../types.js' */

/** So many are remembered of each list. */
const USED_MAX = 12;

/**
 * @param {Ctx} ctx
 * @param {string} what the task that they were used for
 */
function key({ me }, what) {
  return `used/${me.facility}/${me.user}/${what}`;
}

/**
 * @param {Ctx} ctx
 * @param {string} what a task, such as `issue`, or `reason`
 * @returns {Promise<string[]>} codes, the one used last first
 */
export async function usedLast(ctx, what) {
  return (await getDraft(key(ctx, what))) ?? [];
}

/**
 * @param {Ctx} ctx
 * @param {string} what
 * @param {readonly string[]} codes just used
 */
export async function used(ctx, what, codes) {
  const now = [...new Set(codes)].slice(0, USED_MAX);
  await changeDraft(key(ctx, what), (/** @type {string[] | undefined} */ before = []) => [...now, ...before.filter((one) => !now.includes(one))].slice(0, USED_MAX));
}

/**
 * PURE
 *
 * @template {{code: string}} R
 * @param {readonly R[]} rows
 * @param {readonly string[]} last codes, the one used last first
 * @returns {R[]} those first, in their order, then the others as they were
 */
export function lastFirst(rows, last) {
  const place = new Map(last.map((code, i) => [code, i]));
  return [...rows].sort((a, b) => (place.get(a.code) ?? last.length) - (place.get(b.code) ?? last.length));
}

/** What a person's favourites are kept under; they follow the person to every device of the facility. */
const FAVOURITES = 'favourites';
/** So many at most, so that they fit into what may be kept of a person. */
const FAVOURITES_MAX = 50;

/** @param {Ctx} ctx @returns {Promise<string[]>} products that this person wants at the top of every list */
export async function favourites({ me }) {
  const kept = await preference(me.user, FAVOURITES);
  return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
}

/**
 * @param {Ctx} ctx
 * @param {string} code of a product: from now on a favourite, or no more; of too many the oldest goes
 */
export async function toggleFavourite(ctx, code) {
  const before = await favourites(ctx);
  const value = before.includes(code) ? before.filter((one) => one !== code) : [...before, code].slice(-FAVOURITES_MAX);
  await append('person.set', { key: FAVOURITES, value });
}
