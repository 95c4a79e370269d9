/** A count under way: what is to be counted, what was, and what is half typed. Kept as drafts until long after the end. */

import { clock } from '../clock.js';
import { nextId, randomBytes } from '../ids.js';
import { cardsView, deleteDraft, drafts, getDraft, products, putDraft } from '../store.js';

/** @import { CardView, Ctx, Product } from '../types.js' */

/** Finished counts are kept this long so that their summary can be looked at again. */
const KEEP_MS = 90 * 86_400_000;

/**
 * @typedef {object} CountedLine
 * @property {string} lot '' where absent, like location and account
 * @property {string | null} expiry
 * @property {string} location
 * @property {string} account
 * @property {number | null} book what the card showed just before, null where there was no card
 * @property {number} counted
 */

/**
 * @typedef {object} CountedItem
 * @property {number} at ms since the epoch
 * @property {CountedLine[]} lines
 */

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {string} facility
 * @property {string} user who began it; others may go on
 * @property {number} started_at ms since the epoch
 * @property {number | null} finished_at
 * @property {boolean} blind without the book
 * @property {string} category '' for all
 * @property {string[]} products codes, in the order in which they are counted
 * @property {Record<string, CountedItem>} items by product
 */

/** @typedef {'cards' | 'category' | 'all'} Scope */

/** @param {string} id */
export function sessionKey(id) {
  return `count/${id}`;
}

/**
 * @param {string} id of the session
 * @param {string} product
 * @returns {string} where the half typed figures of an item are
 */
export function entryKey(id, product) {
  return `count-entry/${id}/${product}`;
}

/**
 * PURE: the products to count, by name.
 *
 * @param {readonly Product[]} catalogue by name
 * @param {readonly CardView[]} cards
 * @param {Scope} scope
 * @param {string} category
 * @returns {string[]} codes
 */
export function toCount(catalogue, cards, scope, category) {
  if (scope === 'all') return catalogue.map((row) => row.code);
  if (scope === 'category') return catalogue.filter((row) => row.category === category).map((row) => row.code);
  const held = new Set(cards.map((card) => card.product));
  return catalogue.filter((row) => held.has(row.code)).map((row) => row.code);
}

/**
 * @param {Ctx} ctx
 * @param {{scope: Scope, category: string, blind: boolean, product?: string}} choice product: its code, to count it alone
 * @returns {Promise<Session>} begun and kept
 */
export async function begin(ctx, { scope, category, blind, product }) {
  const now = clock.now();
  /** @type {Session} */
  const session = {
    id: nextId(undefined, now, randomBytes()), facility: ctx.me.facility, user: ctx.me.user,
    started_at: now, finished_at: null, blind, category: scope === 'category' ? category : '',
    products: product !== undefined ? [product] : toCount(await products(), await cardsView(), scope, category), items: {},
  };
  await putDraft(sessionKey(session.id), session);
  return session;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Session | null>} the one of the address, if it is of this facility
 */
export async function sessionOf(ctx) {
  /** @type {Session | undefined} */
  const session = await getDraft(sessionKey(ctx.params.session ?? ''));
  return session && session.facility === ctx.me.facility ? session : null;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Session[]>} every count of this facility on this device, the newest first
 */
export async function sessions(ctx) {
  const kept = await drafts('count/');
  return kept.map(({ value }) => /** @type {Session} */ (value))
    .filter((session) => session.facility === ctx.me.facility)
    .sort((a, b) => b.started_at - a.started_at);
}

/** Forget counts that were finished long ago. Their operations are in the outbox and in the ledger. */
export async function forgetOld() {
  for (const { key, value } of await drafts('count/')) {
    if (value.finished_at !== null && value.finished_at < clock.now() - KEEP_MS) await deleteDraft(key);
  }
}

/**
 * PURE: the product to go on with.
 *
 * @param {Session} session
 * @param {string} [after] code; the search begins behind it and goes round
 * @returns {string | null} code, or null when all are counted
 */
export function nextToCount(session, after) {
  const from = after === undefined ? 0 : session.products.indexOf(after) + 1;
  const turned = [...session.products.slice(from), ...session.products.slice(0, from)];
  return turned.find((code) => !(code in session.items)) ?? null;
}

/**
 * PURE
 *
 * @param {Session} session
 * @returns {{counted: number, of: number}}
 */
export function progress(session) {
  return { counted: session.products.filter((code) => code in session.items).length, of: session.products.length };
}
