/** Vaccine vial monitors on screens: the drawing of a stage, its words, and why a lot must not be used. */

import { pastDiscard } from '../fefo.js';
import { html } from '../html.js';
import { icon } from '../sprite.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Product } from '../types.js' */

/** The stages that there are, the best first. */
export const STAGES = [1, 2, 3, 4];

/**
 * @param {number} stage 1 to 4
 * @returns {Html} the ring and its square, which turns darker; beside words that say the same
 */
export function vvmDrawing(stage) {
  return html`<svg class="vvm vvm-${stage}" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="11"></circle><rect x="6.5" y="6.5" width="11" height="11"></rect></svg>`;
}

/**
 * @param {Pick<Ctx, 't'>} ctx
 * @param {number} stage 1 to 4
 * @returns {string} what it means
 */
export function stageWords({ t }, stage) {
  return [t('Good'), t('Use first'), t('Do not use'), t('Do not use')][stage - 1] ?? '';
}

/**
 * @param {Pick<Ctx, 't'>} ctx
 * @param {number | null | undefined} stage
 * @returns {Html | null} as it was seen last, nothing where it never was
 */
export function vvmChip(ctx, stage) {
  if (!stage) return null;
  const tone = ['good', 'warn', 'bad', 'bad'][stage - 1];
  return html`<span class="chip chip-${tone}">${vvmDrawing(stage)}<span>${ctx.t('VVM {stage}', { stage })}: ${stageWords(ctx, stage)}</span></span>`;
}

/**
 * @param {Pick<Ctx, 't'>} ctx
 * @param {'expired' | 'vvm' | 'recalled' | null} why
 * @returns {string} why a lot must not be used
 */
export function unfitWords({ t }, why) {
  return why === null ? '' : { expired: t('expired'), vvm: t('VVM past the discard point'), recalled: t('recalled or in quarantine') }[why];
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {readonly CardView[]} cards of it
 * @returns {Html | null} the way from a product to its monitors
 */
export function vvmDoor({ t, me }, row, cards) {
  const held = cards.filter((card) => card.on_hand > 0);
  if (!row.uses_vvm || held.length === 0 || !me.rights.includes('stock.inspect')) return null;
  return html`<p><a class="button${held.some(pastDiscard) && ' button-danger'}" href="/app/vvm/${encodeURIComponent(row.code)}">${icon('eye')}${t('Check the VVM')}</a></p>`;
}
