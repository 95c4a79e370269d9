/** A kit that is being unpacked, and what was in it the last time, which fills in the next one. */

import { changeDraft, getDraft } from '../store.js';
import { onCard } from './movement_draft.js';

/** @import { CardView, Ctx } from '../types.js' */
/** @import { DraftLine } from './movement_draft.js' */

/** @typedef {Pick<CardView, 'lot' | 'expiry' | 'location' | 'account'>} KitCard */
/** @typedef {DraftLine & {check?: boolean}} Content `check`: lot and expiry are of another kit and must be looked at */

/**
 * @typedef {object} UnpackDraft
 * @property {KitCard} card that the kits are taken from
 * @property {number} kits
 * @property {Content[]} lines
 * @property {number} changes counts up, so that what is saved is what was on the screen
 */

/** @typedef {{lot: string, kits: number, lines: DraftLine[]}} Recipe what came out of so many kits of that lot */

/** @param {Ctx} ctx with the parameter `product`, the kit */
export function unpackKey({ me, params }) {
  return `unpack/${me.facility}/${me.user}/${params.product}`;
}

/** @param {Ctx} ctx */
export function recipeKey({ me, params }) {
  return `recipe/${me.facility}/${params.product}`;
}

/** @param {Ctx} ctx @returns {Promise<UnpackDraft | null>} */
export async function unpackDraft(ctx) {
  return (await getDraft(unpackKey(ctx))) ?? null;
}

/** @param {Ctx} ctx @returns {Promise<Recipe | null>} */
export async function lastRecipe(ctx) {
  return (await getDraft(recipeKey(ctx))) ?? null;
}

/**
 * @param {Ctx} ctx
 * @param {(draft: UnpackDraft) => UnpackDraft} change not called where there is no draft any more
 */
export async function changeUnpack(ctx, change) {
  await changeDraft(unpackKey(ctx), (/** @type {UnpackDraft | undefined} */ draft) => draft && { ...change(draft), changes: draft.changes + 1 });
}

/**
 * PURE: contents in proportion. What does not come out whole is rounded, for it is looked at anyway.
 *
 * @param {readonly Content[]} lines
 * @param {number} from kits
 * @param {number} to kits
 * @returns {Content[]}
 */
export function scaled(lines, from, to) {
  return lines.map((line) => ({ ...line, quantity: Math.max(1, Math.round((line.quantity * to) / from)) }));
}

/**
 * PURE: what to begin with: what was entered already, else what was in such kits the last time. Of another lot of kits
 * the products and quantities are likely the same, their lots are not.
 *
 * @param {{card: KitCard, kits: number}} chosen
 * @param {UnpackDraft | null} draft
 * @param {Recipe | null} recipe
 * @returns {UnpackDraft}
 */
export function beginning({ card, kits }, draft, recipe) {
  if (draft) return { card, kits, lines: scaled(draft.lines, draft.kits, kits), changes: draft.changes + 1 };
  if (!recipe) return { card, kits, lines: [], changes: 0 };
  const lines = scaled(recipe.lines, recipe.kits, kits);
  return { card, kits, changes: 0, lines: recipe.lot === card.lot ? lines : lines.map((line) => ({ ...line, lot: '', expiry: null, check: true })) };
}

/**
 * PURE
 *
 * @param {string} kit code
 * @param {UnpackDraft} draft
 * @returns {{consumed: object[], produced: object[]}} the body of the operation
 */
export function unpacked(kit, { card, kits, lines }) {
  return {
    consumed: [{ ...onCard({ product: kit, ...card }), quantity: kits }],
    produced: lines.map(({ quantity, ...line }) => ({ ...onCard(line), quantity })),
  };
}
