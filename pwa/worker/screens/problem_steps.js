/** The next step for each thing that looks wrong: where one goes to put it right, and the words of the button. */

import { html } from '../html.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { productOf } from './problem_parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Problem } from '../types.js' */

/** @typedef {'count' | 'today' | 'undo' | 'adjust' | 'record' | 'receive' | 'return' | 'operations' | 'sign_in' | 'decide'} Step */

/** What is to be done about each code, the likeliest first. @type {Record<string, Step[]>} */
export const STEPS = {
  negative_stock: ['count'], count_overlap: ['decide', 'count'], variance_changed: ['decide', 'count'], count_backdated: ['count'],
  late_for_period: ['decide'], clock_skew: ['decide'], seq_reused: ['sign_in'], id_reused: ['decide'], inactive: ['return', 'decide'],
  reason_type: ['undo', 'adjust'], already_reversed: ['decide'], not_reversible: ['operations'], decision_void: ['decide'], lot_expiry: ['decide'],
  unmatched_receipt: ['receive', 'decide'], reversed_receipt: ['undo', 'count'], already_received: ['decide', 'count'], invalid: ['record', 'decide'],
  unknown_product: ['decide'], unknown_facility: ['decide'], unknown_operation: ['decide'], unknown_reason: ['decide'], not_permitted: ['decide'], author_disabled: ['decide'],
  device_gap: ['today'],
};

/** Where each kind of operation is recorded. @type {Record<string, string>} */
const RECORDED_AT = {
  'stock.receive': '/app/receive', 'stock.issue': '/app/issue', 'stock.adjust': '/app/adjust', 'stock.count': '/app/count', 'stock.move': '/app/move', 'stock.unpack': '/app/unpack',
};

/**
 * @param {Pick<Ctx, 't'>} ctx
 * @param {Step} step
 * @returns {string} what its button says
 */
export function stepWords({ t }, step) {
  return {
    count: t('Count this product'), today: t('What to count today'), undo: t('Undo it'), adjust: t('Put it right with an adjustment'), record: t('Record it anew'),
    receive: t('Look at what is on the way'), return: t('Send the stock back'), operations: t('Find what was meant'), sign_in: t('Sign in again'), decide: t('Decide'),
  }[step];
}

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @param {boolean} may whether this person may decide
 * @returns {Promise<{step: Step, url: string, post: boolean}[]>} the steps that this person can take here
 */
export async function stepsFor({ me }, problem, may) {
  const { row, operation } = problem;
  const code = productOf(problem);
  const known = code !== '' && (await product(code)) !== undefined;
  const kind = operation?.kind ?? (typeof row.detail.kind === 'string' ? row.detail.kind : '');
  /** @type {Record<Step, {url: string, right: string, can: boolean}>} */
  const ways = {
    count: { url: `/app/problems/${row.id}/count`, right: 'stock.count', can: known },
    today: { url: '/app/count/today', right: 'stock.count', can: true },
    undo: { url: `/app/operations/${row.operation}`, right: 'stock.reverse', can: operation !== null },
    adjust: { url: `/app/adjust/${encodeURIComponent(code)}`, right: 'stock.adjust', can: known },
    record: { url: RECORDED_AT[kind] ?? '', right: kind, can: kind in RECORDED_AT },
    receive: { url: '/app/receive', right: 'stock.receive', can: true },
    return: { url: '/app/return', right: 'stock.issue', can: true },
    operations: { url: '/app/operations', right: 'stock.view', can: true },
    sign_in: { url: '/app/sign-in', right: 'stock.view', can: true },
    decide: { url: '#decide', right: 'stock.view', can: may },
  };
  return (STEPS[row.code] ?? ['decide']).filter((step) => ways[step].can && me.rights.includes(ways[step].right))
    .map((step) => ({ step, url: ways[step].url, post: step === 'count' }));
}

/** @type {Partial<Record<Step, string>>} */
const SYMBOLS = { count: 'count', today: 'count', undo: 'undo', adjust: 'adjust', receive: 'receive', return: 'undo', sign_in: 'person' };

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @param {boolean} may whether this person may decide
 * @returns {Promise<Html[]>} the next steps as buttons, the first one standing out
 */
export async function stepButtons(ctx, problem, may) {
  return (await stepsFor(ctx, problem, may)).map(({ step, url, post }, i) => {
    const look = `button button-block${i === 0 ? ' button-primary' : ''}`;
    const words = html`${icon(SYMBOLS[step] ?? 'forward')}${stepWords(ctx, step)}`;
    return post ? html`<form method="post" action="${url}"><button class="${look}">${words}</button></form>` : html`<a class="${look}" href="${url}">${words}</a>`;
  });
}
