/** /app/receive/product/:product: one lot of a product that came in. */

import { clock } from '../clock.js';
import { expiryState, localDate, parseExpiry } from '../expiry.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { deleteDraft, getDraft, lotsOf, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { figureField, keypad } from './keypad.js';
import { draftKey, draftOf, keep, withLine } from './movement_draft.js';
import { expiryWords, fieldError, quantityWords, question, textField } from './parts.js';

/** @import { Ctx, Page, Product, Reply } from '../types.js' */

/** @typedef {{number: string, expiry: string, quantity: string}} Fields */
/** @typedef {{number?: string | null, expiry?: string | null, quantity?: string | null}} Errors */

/** @param {Ctx} ctx @param {string} code */
export function halfTypedKey(ctx, code) {
  return `${draftKey(ctx, 'receive')}/line/${code}`;
}

/** @param {URLSearchParams} form @returns {Fields} */
function fieldsOf(form) {
  /** @param {string} name */
  const field = (name) => (form.get(name) ?? '').trim();
  return { number: field('number'), expiry: field('expiry'), quantity: field('quantity') };
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {Fields} fields
 * @param {Errors & {warn?: string}} [errors]
 * @returns {Promise<Page>}
 */
async function linePage(ctx, row, fields, errors = {}) {
  const { t, fmt } = ctx;
  const here = `/app/receive/product/${encodeURIComponent(row.code)}`;
  const known = (await lotsOf(row.code)).filter((lot) => lot.number !== '').slice(0, 50);
  const quantityError = errors.quantity ?? null;
  const body = html`<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span>${
    row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`}</p>
${errors.warn && question('line', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: add it') })}
<form method="post" action="${here}" id="line" class="stack${errors.warn ? ' keys-later' : ''}" data-draft="${here}/draft" novalidate>
<div class="pair">${textField({ id: 'number', label: t('Lot number'), value: fields.number, error: errors.number, list: 'known', length: 20, focus: fields.number === '' && !errors.warn && quantityError === null && !errors.expiry })}
${textField({ id: 'expiry', label: t('Expiry'), value: fields.expiry, hint: t('such as 04/27'), error: errors.expiry, length: 10 })}</div>
<datalist id="known">${known.map((lot) => html`<option value="${lot.number}"></option>`)}</datalist>
<div class="field"><label class="field-label" for="quantity">${t('How many came in?')} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'quantity', name: 'quantity', value: fields.quantity, label: t('How many came in?'), error: quantityError, focus: quantityError !== null || (ctx.query.has('scanned') && fields.number !== '') })}
${fieldError('quantity', quantityError)}</div></form>`;
  return {
    title: row.name, back: '/app/receive/product', body,
    bar: html`${keypad(ctx)}<button class="button button-primary" form="line" data-keypad-save>${icon('plus')}${t('Add to the receipt')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function receiveLine(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row || !(await draftOf(ctx, 'receive'))) return redirect('/app/receive');
  const kept = await getDraft(halfTypedKey(ctx, row.code));
  return page(ctx, await linePage(ctx, row, kept ?? { number: '', expiry: '', quantity: '' }));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function receiveLineDraft(ctx) {
  await putDraft(halfTypedKey(ctx, ctx.params.product ?? ''), fieldsOf(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function receiveLineAdd(ctx) {
  const { t } = ctx;
  const row = await product(ctx.params.product ?? '');
  const draft = await draftOf(ctx, 'receive');
  if (!row || !draft) return redirect('/app/receive');
  const fields = fieldsOf(ctx.form);
  const today = localDate(clock.now());
  const known = (await lotsOf(row.code)).find((lot) => lot.number === fields.number);
  const quantity = parseQuantity(fields.quantity, { least: 1 });
  const expiry = fields.expiry === '' ? null : parseExpiry(fields.expiry, today);
  /** @type {Errors & {warn?: string}} */
  const errors = {
    number: fields.number === '' && fields.expiry !== '' ? t('Enter the lot number that has this expiry.') : null,
    expiry: expiry && !expiry.ok ? expiryWords(ctx, expiry.error)
      : fields.number !== '' && !expiry && !known ? t('Enter the expiry that is printed on the pack.') : null,
    quantity: quantity.ok ? null : quantityWords(ctx, quantity.error),
  };
  if (draft.lines.length >= LINES_MAX) errors.number = t('This receipt is full. Save it, then go on with a second one.');
  if (errors.number || errors.expiry || errors.quantity || !quantity.ok) return invalid(ctx, await linePage(ctx, row, fields, errors));
  const date = expiry?.ok ? expiry.date : known?.expiry ?? null;
  if (ctx.form.get('sure') !== 'yes') {
    if (expiryState(date, today) === 'expired') {
      return invalid(ctx, await linePage(ctx, row, fields, { warn: t('This lot has already expired. Is the date right?') }));
    }
    if (fields.number === '') {
      return invalid(ctx, await linePage(ctx, row, fields, { warn: t('Without a lot number nobody can see when it expires. Is there none on the pack?') }));
    }
  }
  const line = { product: row.code, lot: fields.number, expiry: date, location: '', account: '', quantity: quantity.value };
  await keep(ctx, 'receive', { ...draft, lines: withLine(draft.lines, line) });
  await deleteDraft(halfTypedKey(ctx, row.code));
  return redirect('/app/receive/lines');
}

route('GET', '/app/receive/product/:product', receiveLine);
route('POST', '/app/receive/product/:product', receiveLineAdd);
route('POST', '/app/receive/product/:product/draft', receiveLineDraft);
