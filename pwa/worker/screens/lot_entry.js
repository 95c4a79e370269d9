/** One lot as people enter it, wherever stock comes in: its number, its expiry and how many; what can be wrong with them. */

import { clock } from '../clock.js';
import { expiryState, localDate, parseExpiry } from '../expiry.js';
import { html } from '../html.js';
import { parseQuantity } from '../../page/quantity.js';
import { lotsOf } from '../store.js';
import { icon } from '../sprite.js';
import { absurdity } from './absurd.js';
import { figureField, keypad } from './keypad.js';
import { expiryWords, fieldError, quantityWords, question, textField } from './parts.js';

/** @import { Ctx, Page, Product } from '../types.js' */
/** @import { DraftLine } from './movement_draft.js' */

/** @typedef {{number: string, expiry: string, quantity: string}} Fields */
/** @typedef {{number?: string | null, expiry?: string | null, quantity?: string | null, warn?: string}} Errors */

/**
 * @typedef {object} Place where the form stands
 * @property {string} here its address; it keeps what is half typed at `here`/draft
 * @property {string} back
 * @property {string} ask how many
 * @property {string} add what the button says
 */

/** So many known lots come up while one types. */
const LOTS_SHOWN = 50;

/** @type {Fields} */
export const NOTHING = { number: '', expiry: '', quantity: '' };

/** @param {URLSearchParams} form @returns {Fields} */
export function lotFields(form) {
  /** @param {string} name */
  const field = (name) => (form.get(name) ?? '').trim();
  return { number: field('number'), expiry: field('expiry'), quantity: field('quantity') };
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {Fields} fields
 * @param {Place} place
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
export async function lotEntryPage(ctx, row, fields, { here, back, ask, add }, errors = {}) {
  const { t, fmt } = ctx;
  const known = (await lotsOf(row.code)).filter((lot) => lot.number !== '').slice(0, LOTS_SHOWN);
  const quantityError = errors.quantity ?? null;
  const body = html`<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span>${
    row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`}</p>
${errors.warn && question('line', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: add it') })}
<form method="post" action="${here}" id="line" class="stack${errors.warn ? ' keys-later' : ''}" data-draft="${here}/draft" novalidate>
<div class="pair">${textField({ id: 'number', label: t('Lot number'), value: fields.number, error: errors.number, list: 'known', length: 20, focus: fields.number === '' && !errors.warn && quantityError === null && !errors.expiry })}
${textField({ id: 'expiry', label: t('Expiry'), value: fields.expiry, hint: t('such as 04/27'), error: errors.expiry, length: 10 })}</div>
<datalist id="known">${known.map((lot) => html`<option value="${lot.number}"></option>`)}</datalist>
<div class="field"><label class="field-label" for="quantity">${ask} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'quantity', name: 'quantity', value: fields.quantity, label: ask, error: quantityError, focus: quantityError !== null })}
${fieldError('quantity', quantityError)}</div></form>`;
  return {
    title: row.name, back, body,
    bar: html`${keypad(ctx)}<button class="button button-primary" form="line" data-keypad-save>${icon('plus')}${add}</button>`,
  };
}

/**
 * @param {Ctx} ctx a POST of the form
 * @param {Product} row
 * @returns {Promise<{line: DraftLine, errors: null} | {line: null, errors: Errors}>} what seems wrong but may be right
 *   is asked once
 */
export async function readLot(ctx, row) {
  const { t } = ctx;
  const fields = lotFields(ctx.form);
  const today = localDate(clock.now());
  const known = (await lotsOf(row.code)).find((lot) => lot.number === fields.number);
  const quantity = parseQuantity(fields.quantity, { least: 1 });
  const expiry = fields.expiry === '' ? null : parseExpiry(fields.expiry, today);
  /** @type {Errors} */
  const errors = {
    number: fields.number === '' && fields.expiry !== '' ? t('Enter the lot number that has this expiry.') : null,
    expiry: expiry && !expiry.ok ? expiryWords(ctx, expiry.error)
      : fields.number !== '' && !expiry && !known ? t('Enter the expiry that is printed on the pack.') : null,
    quantity: quantity.ok ? null : quantityWords(ctx, quantity.error),
  };
  if (errors.number || errors.expiry || errors.quantity || !quantity.ok) return { line: null, errors };
  const date = expiry?.ok ? expiry.date : known?.expiry ?? null;
  if (ctx.form.get('sure') !== 'yes') {
    const warn = expiryState(date, today) === 'expired' ? t('This lot has already expired. Is the date right?')
      : fields.number === '' ? t('Without a lot number nobody can see when it expires. Is there none on the pack?')
        : await absurdity(ctx, row.code, quantity.value);
    if (warn) return { line: null, errors: { warn } };
  }
  return { line: { product: row.code, lot: fields.number, expiry: date, location: '', account: '', quantity: quantity.value }, errors: null };
}
