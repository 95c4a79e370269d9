/** What the list of problems and the screen of one share: what it is about, and how far the decision has come. */

import { html } from '../html.js';
import { product } from '../store.js';
import { chip } from './parts.js';
import { decidedWords, HELD } from './problem_words.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Problem } from '../types.js' */

/**
 * @param {Problem} problem
 * @returns {string} the code of the product that it is about, '' for none
 */
export function productOf({ row, operation }) {
  if (typeof row.detail.product === 'string') return row.detail.product;
  const lines = operation ? JSON.parse(operation.text).body.lines : null;
  return (Array.isArray(lines) && lines[row.line >= 0 ? row.line : 0]?.product) || '';
}

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @returns {Promise<Html>} product and lot, or what was not known
 */
export async function about({ t }, problem) {
  const { detail } = problem.row;
  const code = productOf(problem);
  const named = code && ((await product(code))?.name ?? code);
  const words = [detail.facility, detail.reason, detail.kind, detail.author].filter((one) => typeof one === 'string');
  return html`${named && html`<span>${named}</span>`}${
    typeof detail.lot === 'string' && detail.lot !== '' && html`<span>${t('Lot {number}', { number: detail.lot })}</span>`}${
    words.map((word) => html`<span>${/** @type {string} */ (word)}</span>`)}`;
}

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @returns {Html} how far it has come
 */
export function stateChip(ctx, { row, decided }) {
  const { t } = ctx;
  if (decided?.state === 'waiting') return chip('info', 'waiting', t('Decided, waits to be sent'));
  if (decided?.outcome === 'held') return chip('bad', 'held', t('Decided, but you had no right to'));
  if (decided) return chip('info', 'sent', t('Decided and sent'));
  if (row.state === 'resolved') return chip('good', 'check', decidedWords(ctx, row.action ?? ''));
  if (HELD.has(row.code)) return chip('bad', 'held', t('Held until a person decides'));
  return chip('warn', 'alert', t('Needs a look'));
}
