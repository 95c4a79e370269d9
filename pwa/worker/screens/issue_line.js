/** /app/issue/product/:product, and of a transfer or return: how many go out; the lots that expire first are proposed. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { allocate, unfit, usable } from '../fefo.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { cardView, deleteDraft, getDraft, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { figureField, keypad } from './keypad.js';
import { absurdity } from './absurd.js';
import { changeMovement, draftKey, draftOf, OUTWARD, withProduct } from './movement_draft.js';
import { wordsOf } from './movement_way.js';
import { expiryChip, fieldError, notice, quantityWords, question } from './parts.js';
import { unfitWords, vvmChip } from './vvm_words.js';

/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */
/** @import { DraftLine, Way } from './movement_draft.js' */

/** @param {Ctx} ctx @param {Way} way @param {string} code */
function halfTypedKey(ctx, way, code) {
  return `${draftKey(ctx, way)}/line/${code}`;
}

/**
 * @param {Way} way
 * @returns {string} the day by which lots are fit for use: what is not is just what goes back to a supplier
 */
export function dayFor(way) {
  return way === 'return' ? '' : localDate(clock.now());
}

/**
 * PURE: the lines that a quantity makes, in the order in which lots are used; without a lot that may be used, one line
 * on the card without a lot.
 *
 * @param {string} code
 * @param {readonly CardView[]} cards
 * @param {number} wanted
 * @param {string} today
 * @returns {DraftLine[]}
 */
export function proposed(code, cards, wanted, today) {
  const { picks } = allocate(cards, wanted, today);
  if (picks.length === 0) return [{ product: code, lot: '', expiry: null, location: '', account: '', quantity: wanted }];
  return picks.map(({ card, quantity }) => ({
    product: code, lot: card.lot, expiry: card.expiry, location: card.location, account: card.account, quantity,
  }));
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {Product} row
 * @param {string} typed
 * @param {{error?: string, warn?: string}} [wrong]
 * @returns {Promise<Page>}
 */
async function linePage(ctx, way, row, typed, { error, warn } = {}) {
  const { t, fmt } = ctx;
  const { root, add } = wordsOf(ctx, way);
  const here = `${root}/product/${encodeURIComponent(row.code)}`;
  const cards = await cardView(row.code);
  const total = cards.reduce((sum, card) => sum + card.on_hand, 0);
  const lots = usable(cards, dayFor(way));
  const left_out = cards.filter((card) => card.on_hand > 0 && !lots.includes(card));
  const body = html`<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span>${
    row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`} · <span>${t('On hand: {n}', { n: fmt.number(total) })}</span></p>
${warn && question('line', warn, { name: 'sure', value: 'yes', words: t('It is right: add it') })}
<form method="post" action="${here}" id="line" class="stack-tight${warn && ' keys-later'}" data-draft="${here}/draft" novalidate>
<div class="field"><label class="field-label" for="quantity">${t('How many go out?')} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'quantity', name: 'quantity', value: typed, label: t('How many go out?'), error, focus: !warn })}
${fieldError('quantity', error)}</div></form>
${lots.length > 0 && html`<section class="stack-tight"><h2>${t('Taken in this order')}</h2><ol class="rows">${lots.map((card) => html`<li class="row"><span class="row-words">
<span class="row-name">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span><span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}${vvmChip(ctx, card.vvm)}</span></span>
<span class="row-figure">${fmt.number(card.on_hand)}</span></li>`)}</ol></section>`}
${cards.some((card) => card.on_hand > 0) && html`<p><a class="button" href="${here}/lots">${icon('lot')}${t('Choose the lots yourself')}</a></p>`}
${lots.length === 0 && left_out.length === 0 && notice('warn', t('The book shows none of it here. If it really goes out it can be saved; you will be asked to count this product.'))}
${left_out.length > 0 && notice(lots.length === 0 ? 'bad' : 'info', html`${t('Left out, for it must not be used:')} ${left_out.map((card, i) => html`${i > 0 && ', '}${card.lot} (${fmt.number(card.on_hand)}, ${unfitWords(ctx, unfit(card, dayFor(way)))})`)}`)}`;
  return {
    title: row.name, back: `${root}/product`, body,
    bar: html`${keypad(ctx)}<button class="button button-primary" form="line" data-keypad-save>${icon('plus')}${add}</button>`,
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function showLine(way) {
  return async (ctx) => {
    const row = await product(ctx.params.product ?? '');
    if (!row || !(await draftOf(ctx, way))) return redirect(wordsOf(ctx, way).root);
    return page(ctx, await linePage(ctx, way, row, (await getDraft(halfTypedKey(ctx, way, row.code))) ?? ''));
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function keepHalfTyped(way) {
  return async (ctx) => {
    await putDraft(halfTypedKey(ctx, way, ctx.params.product ?? ''), ctx.form.get('quantity') ?? '');
    return { status: 204, headers: {}, body: '' };
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function addLine(way) {
  return async (ctx) => {
    const { t } = ctx;
    const { root, full } = wordsOf(ctx, way);
    const row = await product(ctx.params.product ?? '');
    const draft = await draftOf(ctx, way);
    if (!row || !draft) return redirect(root);
    const typed = ctx.form.get('quantity') ?? '';
    const refused = async (/** @type {{error?: string, warn?: string}} */ wrong) => invalid(ctx, await linePage(ctx, way, row, typed, wrong));
    const read = parseQuantity(typed, { least: 1 });
    if (!read.ok) return refused({ error: quantityWords(ctx, read.error) });
    const cards = await cardView(row.code);
    if (usable(cards, dayFor(way)).length === 0 && cards.some((card) => card.on_hand > 0)) {
      return refused({ error: t('No lot of it may be used, so none goes out by itself. If one must, choose it and say why.') });
    }
    const warn = ctx.form.get('sure') === 'yes' ? null : await absurdity(ctx, row.code, read.value);
    if (warn) return refused({ warn });
    const own = proposed(row.code, cards, read.value, dayFor(way));
    if (withProduct(draft.lines, row.code, own).length > LINES_MAX) return refused({ error: full });
    await changeMovement(ctx, way, (now) => ({ ...now, lines: withProduct(now.lines, row.code, own) }));
    await deleteDraft(halfTypedKey(ctx, way, row.code));
    return redirect(`${root}/lines`);
  };
}

for (const way of OUTWARD) {
  route('GET', `/app/${way}/product/:product`, showLine(way));
  route('POST', `/app/${way}/product/:product`, addLine(way));
  route('POST', `/app/${way}/product/:product/draft`, keepHalfTyped(way));
}
