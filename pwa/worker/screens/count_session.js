/** A count under way: what is to be counted, what was and by whom, and what is half typed. Kept as drafts until long after the end. */

import { clock } from '../clock.js';
import { nextId, randomBytes } from '../ids.js';
import { inTurn } from '../locks.js';
import { cardsView, deleteDraft, drafts, getDraft, products, putDraft } from '../store.js';
import { toCount } from './count_scope.js';

/** @import { Ctx } from '../types.js' */
/** @import { Extent } from './count_scope.js' */

/** Finished counts are kept this long so that their summary can be looked at again. */
const KEEP_MS = 90 * 86_400_000;
/** A count that rested this long may not be what one wants to go on with. */
export const OLD_MS = 7 * 86_400_000;

/**
 * @typedef {object} CountedLine
 * @property {string} lot '' where absent, like location and account
 * @property {string | null} expiry
 * @property {string} location
 * @property {string} account
 * @property {number | null} book what the card showed just before, null where there was no card
 * @property {number} counted
 * @property {{reason: string, quantity: number}[]} [reasons] why it differs from the book, signed like the difference
 */

/**
 * What one person saw of one product.
 *
 * @typedef {object} Tally
 * @property {number} at ms since the epoch
 * @property {string} by
 * @property {CountedLine[]} lines
 */

/** @typedef {Tally & {also?: string}} CountedItem what was saved; also: the other one who counted it */

/**
 * A product that two people count and that is not saved yet: the tally of one, or two that differ or lack a reason.
 *
 * @typedef {object} Pair
 * @property {Tally[]} tallies one or two
 * @property {number} [chosen] which of two that differ is right
 */

/**
 * @typedef {object} Counting
 * @property {string} id
 * @property {string} facility
 * @property {string} user who began it; others may go on
 * @property {number} started_at ms since the epoch
 * @property {number | null} resumed_at when it was last taken up after a long rest
 * @property {number | null} finished_at
 * @property {boolean} blind without the book
 * @property {boolean} two every product is counted by two people
 * @property {string} label the shelf's, category's or program's own name, '' for the others
 * @property {string[]} products codes, in the order in which they are counted
 * @property {Record<string, CountedItem>} items by product
 * @property {Record<string, Pair>} pairs by product, those that are not among the items
 */

/** @typedef {Counting & Extent} Session */

/** @param {string} id */
export function sessionKey(id) {
  return `count/${id}`;
}

/**
 * @param {Session} session
 * @param {string} product
 * @param {string} user
 * @returns {string} where the half typed figures of an item are; where two count, each has a place of their own
 */
export function entryKey({ id, two }, product, user) {
  return two ? `count-entry/${id}/${product}/${user}` : `count-entry/${id}/${product}`;
}

/**
 * @param {Ctx} ctx
 * @param {Extent & {blind: boolean, two?: boolean, label?: string, products?: string[]}} choice products: codes, for chosen ones
 * @returns {Promise<Session>} begun and kept
 */
export async function begin(ctx, { scope, name, blind, two = false, label = '', products: chosen }) {
  const now = clock.now();
  /** @type {Session} */
  const session = {
    id: nextId(undefined, now, randomBytes()), facility: ctx.me.facility, user: ctx.me.user,
    started_at: now, resumed_at: null, finished_at: null, blind, two, scope, name, label,
    products: chosen ?? toCount(await products(), await cardsView(), { scope, name }), items: {}, pairs: {},
  };
  await putDraft(sessionKey(session.id), session);
  return session;
}

/**
 * @param {any} kept as any version of the app kept it
 * @returns {Session}
 */
function whole(kept) {
  const { category = '', ...rest } = kept;
  const items = Object.entries(/** @type {Record<string, CountedItem>} */ (kept.items));
  return {
    scope: category ? 'category' : 'chosen', name: category, label: category, two: false, resumed_at: null, pairs: {}, ...rest,
    items: Object.fromEntries(items.map(([code, item]) => [code, { ...item, by: item.by ?? kept.user }])),
  };
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Session | null>} the one of the address, if it is of this facility
 */
export async function sessionOf(ctx) {
  const kept = await getDraft(sessionKey(ctx.params.session ?? ''));
  return kept && kept.facility === ctx.me.facility ? whole(kept) : null;
}

/**
 * Two tabs may work on one count: what one adds, the other must not write over.
 *
 * @template T
 * @param {Ctx} ctx
 * @param {() => Promise<T>} work reads the session anew and may keep it
 * @returns {Promise<T>}
 */
export async function inSession(ctx, work) {
  return inTurn(`count ${ctx.params.session}`, work);
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Session[]>} every count of this facility on this device, the newest first
 */
export async function sessions(ctx) {
  const kept = await drafts('count/');
  return kept.filter(({ value }) => value.facility === ctx.me.facility).map(({ value }) => whole(value))
    .sort((a, b) => b.started_at - a.started_at);
}

/** Forget counts that were finished long ago. Their operations are in the outbox and in the ledger. */
export async function forgetOld() {
  for (const { key, value } of await drafts('count/')) {
    if (value.finished_at !== null && value.finished_at < clock.now() - KEEP_MS) await deleteDraft(key);
  }
}

/**
 * PURE: the product to go on with. Where two count, nobody counts the same product twice.
 *
 * @param {Session} session
 * @param {string} user who counts now
 * @param {string} [after] code; the search begins behind it and goes round
 * @returns {string | null} code, or null when there is none
 */
export function nextToCount(session, user, after) {
  const from = after === undefined ? 0 : session.products.indexOf(after) + 1;
  const turned = [...session.products.slice(from), ...session.products.slice(0, from)];
  return turned.find((code) => {
    if (code in session.items) return false;
    const tallies = session.pairs[code]?.tallies ?? [];
    return tallies.length === 0 || (tallies.length === 1 && tallies[0]?.by !== user);
  }) ?? null;
}

/**
 * PURE
 *
 * @param {Session} session
 * @returns {{counted: number, of: number, once: number, open: string[]}} once: counted by one of two; open: codes of
 *   those that two have counted and that wait for a decision
 */
export function progress(session) {
  const pairs = Object.entries(session.pairs);
  return {
    counted: session.products.filter((code) => code in session.items).length, of: session.products.length,
    once: pairs.filter(([, { tallies }]) => tallies.length === 1).length,
    open: pairs.filter(([, { tallies }]) => tallies.length === 2).map(([code]) => code),
  };
}

/**
 * PURE
 *
 * @param {Session} session
 * @returns {Map<string, number>} how many products each person counted, those that are not saved yet included
 */
export function shares({ items, pairs }) {
  /** @type {Map<string, number>} */
  const found = new Map();
  const names = [...Object.values(items).flatMap((item) => [item.by, ...(item.also ? [item.also] : [])]),
    ...Object.values(pairs).flatMap(({ tallies }) => tallies.map(({ by }) => by))];
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}

/**
 * PURE
 *
 * @param {Session} session
 * @returns {number} ms since the epoch, of the last thing that was done in it
 */
export function lastTouched({ started_at, resumed_at, items, pairs }) {
  return Math.max(started_at, resumed_at ?? 0, ...Object.values(items).map(({ at }) => at),
    ...Object.values(pairs).flatMap(({ tallies }) => tallies.map(({ at }) => at)));
}
