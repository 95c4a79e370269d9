/** A receipt, an issue, a transfer or a return under way: where from or to, when, its lines. A draft until it is saved. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { changeDraft, getDraft, putDraft } from '../store.js';

/** @import { Ctx, Line } from '../types.js' */

/** @typedef {'receive' | 'issue' | 'transfer' | 'return'} Way */

/** Those by which stock leaves. All are issues on the wire; a return is no consumption. */
export const OUTWARD = /** @type {const} */ (['issue', 'transfer', 'return']);
export const WAYS = /** @type {const} */ (['receive', ...OUTWARD]);

/**
 * @typedef {object} DraftLine
 * @property {string} product code
 * @property {string} lot '' where absent, like location and account
 * @property {string | null} expiry
 * @property {string} location
 * @property {string} account
 * @property {number} quantity in dispensing units
 * @property {string} [override] why a lot goes out that must not be used
 */

/** @typedef {{type: 'facility' | 'supplier' | 'donor' | 'ward', name: string}} Party a facility by its code, the others by name */

/**
 * @typedef {object} MovementDraft
 * @property {Party} party
 * @property {string} reference
 * @property {string} date ISO date on which it happened
 * @property {DraftLine[]} lines
 * @property {number} [changes] counts up, so that what is saved is what was on the screen
 */

/** Names that were used before come back as choices; so many are kept. */
const NAMES_MAX = 12;

/**
 * One person's, so that two on one tablet do not write into each other's.
 *
 * @param {Ctx} ctx
 * @param {Way} way
 */
export function draftKey(ctx, way) {
  return `movement/${way}/${ctx.me.facility}/${ctx.me.user}`;
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @returns {Promise<MovementDraft | null>}
 */
export async function draftOf(ctx, way) {
  return (await getDraft(draftKey(ctx, way))) ?? null;
}

/**
 * Change the draft in one step, so that two tabs add to it one after the other.
 *
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {(draft: MovementDraft) => MovementDraft} change not called where there is no draft any more
 */
export async function changeMovement(ctx, way, change) {
  await changeDraft(draftKey(ctx, way), (draft) => draft && { ...change(draft), changes: (draft.changes ?? 0) + 1 });
}

/**
 * PURE
 *
 * @param {DraftLine} a
 * @param {DraftLine} b
 */
export function sameCard(a, b) {
  return a.product === b.product && a.lot === b.lot && a.location === b.location && a.account === b.account;
}

/**
 * PURE: a line more; one on the same card is added to.
 *
 * @param {readonly DraftLine[]} lines
 * @param {DraftLine} line
 * @returns {DraftLine[]}
 */
export function withLine(lines, line) {
  const at = lines.findIndex((one) => sameCard(one, line));
  if (at < 0) return [...lines, line];
  return lines.map((one, i) => (i === at ? { ...one, quantity: one.quantity + line.quantity } : one));
}

/**
 * PURE: a product's lines replaced, in the place where its first one was.
 *
 * @param {readonly DraftLine[]} lines
 * @param {string} product
 * @param {readonly DraftLine[]} own none removes the product
 * @returns {DraftLine[]}
 */
export function withProduct(lines, product, own) {
  const at = lines.findIndex((line) => line.product === product);
  const others = lines.filter((line) => line.product !== product);
  const place = at < 0 ? others.length : at;
  return [...others.slice(0, place), ...own, ...others.slice(place)];
}

/**
 * PURE
 *
 * @param {Omit<DraftLine, 'quantity'>} line
 * @returns {Line} the card that a line is on, as it goes over the wire
 */
export function onCard({ product, lot, expiry, location, account }) {
  return {
    product, lot: lot === '' ? null : { number: lot, expiry },
    ...(location !== '' && { location }), ...(account !== '' && { account }),
  };
}

/**
 * PURE
 *
 * @param {readonly DraftLine[]} lines
 * @returns {Line[]} as they go over the wire
 */
export function wireLines(lines) {
  return lines.map(({ quantity, override, ...card }) => ({ ...onCard(card), quantity, ...(override && { override }) }));
}

/**
 * An earlier day is told as just that, for its hour is not known; today is told as now, which is what "not dated
 * back" means on the wire.
 *
 * @param {string} date ISO date
 * @returns {{occurredDay?: string}}
 */
export function datedBack(date) {
  return date >= localDate(clock.now()) ? {} : { occurredDay: date };
}

/**
 * @param {Ctx} ctx
 * @param {Party['type']} type
 * @returns {Promise<string[]>} names used before, the latest first
 */
export async function namesUsed(ctx, type) {
  return (await getDraft(`names/${type}/${ctx.me.facility}`)) ?? [];
}

/**
 * @param {Ctx} ctx
 * @param {Party} party remembered, unless it is a facility, which has a list of its own
 */
export async function remember(ctx, { type, name }) {
  if (type === 'facility') return;
  const before = await namesUsed(ctx, type);
  await putDraft(`names/${type}/${ctx.me.facility}`, [name, ...before.filter((one) => one !== name)].slice(0, NAMES_MAX));
}
