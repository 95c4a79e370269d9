/** /app/issue/product/:product: how many go out; the lots that expire first are proposed. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { allocate, usable } from '../fefo.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { cardView, deleteDraft, getDraft, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { figureField, keypad } from './keypad.js';
import { draftKey, draftOf, keep, withProduct } from './movement_draft.js';
import { expiryChip, fieldError, notice, quantityWords } from './parts.js';

/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */
/** @import { DraftLine } from './movement_draft.js' */

/** @param {Ctx} ctx @param {string} code */
function halfTypedKey(ctx, code) {
  return `${draftKey(ctx, 'issue')}/line/${code}`;
}

/**
 * PURE: the lines that a quantity makes, first expired first out; without a lot that may be used, one line
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
 * @param {Product} row
 * @param {string} typed
 * @param {string | null} error
 * @returns {Promise<Page>}
 */
async function linePage(ctx, row, typed, error) {
  const { t, fmt } = ctx;
  const here = `/app/issue/product/${encodeURIComponent(row.code)}`;
  const cards = await cardView(row.code);
  const total = cards.reduce((sum, card) => sum + card.on_hand, 0);
  const lots = usable(cards, localDate(clock.now()));
  const expired = cards.filter((card) => card.on_hand > 0 && !lots.includes(card));
  const body = html`<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span>${
    row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`} · <span>${t('On hand: {n}', { n: fmt.number(total) })}</span></p>
<form method="post" action="${here}" id="line" class="stack-tight" data-draft="${here}/draft" novalidate>
<div class="field"><label class="field-label" for="quantity">${t('How many go out?')} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'quantity', name: 'quantity', value: typed, label: t('How many go out?'), error, focus: true })}
${fieldError('quantity', error)}</div></form>
${lots.length > 0 && html`<section class="stack-tight"><h2>${t('Taken in this order')}</h2><ol class="rows">${lots.map((card) => html`<li class="row"><span class="row-words">
<span class="row-name">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span><span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}</span></span>
<span class="row-figure">${fmt.number(card.on_hand)}</span></li>`)}</ol></section>`}
${lots.length === 0 && expired.length === 0 && notice('warn', t('The book shows none of it here. If it really goes out it can be saved; you will be asked to count this product.'))}
${expired.length > 0 && notice(lots.length === 0 ? 'bad' : 'info', html`${t('Expired lots are left out:')} ${expired.map((card, i) => html`${i > 0 && ', '}${card.lot} (${fmt.number(card.on_hand)})`)}`)}`;
  return {
    title: row.name, back: '/app/issue/product', body,
    bar: html`${keypad(ctx)}<button class="button button-primary" form="line" data-keypad-save>${icon('plus')}${t('Add to the issue')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function issueLine(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row || !(await draftOf(ctx, 'issue'))) return redirect('/app/issue');
  return page(ctx, await linePage(ctx, row, (await getDraft(halfTypedKey(ctx, row.code))) ?? '', null));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function issueLineDraft(ctx) {
  await putDraft(halfTypedKey(ctx, ctx.params.product ?? ''), ctx.form.get('quantity') ?? '');
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function issueLineAdd(ctx) {
  const row = await product(ctx.params.product ?? '');
  const draft = await draftOf(ctx, 'issue');
  if (!row || !draft) return redirect('/app/issue');
  const typed = ctx.form.get('quantity') ?? '';
  const read = parseQuantity(typed, { least: 1 });
  if (!read.ok) return invalid(ctx, await linePage(ctx, row, typed, quantityWords(ctx, read.error)));
  const own = proposed(row.code, await cardView(row.code), read.value, localDate(clock.now()));
  const lines = withProduct(draft.lines, row.code, own);
  if (lines.length > LINES_MAX) {
    return invalid(ctx, await linePage(ctx, row, typed, ctx.t('This issue is full. Save it, then go on with a second one.')));
  }
  await keep(ctx, 'issue', { ...draft, lines });
  await deleteDraft(halfTypedKey(ctx, row.code));
  return redirect('/app/issue/lines');
}

route('GET', '/app/issue/product/:product', issueLine);
route('POST', '/app/issue/product/:product', issueLineAdd);
route('POST', '/app/issue/product/:product/draft', issueLineDraft);
