/** /app/adjust/:product: which lot, why, and how many; the reason says whether it goes up or down. */

import { byExpiry } from '../fefo.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { parseQuantity } from '../../page/quantity.js';
import { cardView, getDraft, product, putDraft, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { absurdity } from './absurd.js';
import { rowKey } from './count_entry.js';
import { figureField, keypad } from './keypad.js';
import { expiryChip, fieldError, notice, quantityWords, question } from './parts.js';
import { offered, reasonWords } from './reason_words.js';
import { savingFailed } from './saving.js';
import { lastFirst, used, usedLast } from './used.js';

/** @import { CardView, Ctx, Line, Page, Product, Reason, Reply } from '../types.js' */

/** @typedef {{card: string, reason: string, quantity: string}} Fields as they were typed */
/** @typedef {{card?: string | null, reason?: string | null, quantity?: string | null, warn?: string, failure?: string}} Errors */
/** @typedef {Pick<CardView, 'lot' | 'expiry' | 'location' | 'account' | 'on_hand'>} Choice a card to adjust */

/** @param {Ctx} ctx */
function draftKey({ me, params }) {
  return `adjust/${me.facility}/${me.user}/${params.product}`;
}

/** @param {URLSearchParams} form @returns {Fields} */
function fieldsOf(form) {
  return { card: form.get('card') ?? '', reason: form.get('reason') ?? '', quantity: form.get('quantity') ?? '' };
}

/**
 * @param {readonly CardView[]} cards
 * @returns {Choice[]} those with stock or, where none has any, the card without a lot
 */
function choices(cards) {
  const held = cards.filter((card) => card.on_hand !== 0).sort(byExpiry);
  return held.length > 0 ? held : [{ lot: '', expiry: null, location: '', account: '', on_hand: 0 }];
}

/**
 * PURE
 *
 * @param {string} code of the product
 * @param {Choice} card
 * @param {Reason} reason
 * @param {number} quantity 1 or more
 * @returns {Line} signed by the type of the reason
 */
export function adjustment(code, { lot, expiry, location, account }, reason, quantity) {
  return {
    product: code, lot: lot === '' ? null : { number: lot, expiry }, quantity: reason.type === 'credit' ? quantity : -quantity, reason: reason.code,
    ...(location !== '' && { location }), ...(account !== '' && { account }),
  };
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {Fields} fields
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
async function form(ctx, row, fields, errors = {}) {
  const { t, fmt } = ctx;
  const here = `/app/adjust/${encodeURIComponent(row.code)}`;
  const cards = choices(await cardView(row.code));
  const [all, last] = await Promise.all([reasons(), usedLast(ctx, 'reason')]);
  const chosen = cards.length === 1 ? rowKey(/** @type {Choice} */ (cards[0])) : fields.card;
  /** @param {Reason['type']} type */
  const options = (type) => lastFirst(offered(all, type), last).map((reason) => html`<option value="${reason.code}"${reason.code === fields.reason && html` selected`}>${reasonWords(ctx, reason)}</option>`);
  const body = html`${errors.failure && notice('bad', errors.failure, { urgent: true })}
<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span></p>
${errors.warn && question('adjust', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: save it') })}
<form method="post" action="${here}" id="adjust" class="stack keys-later" data-draft="${here}/draft" novalidate>
<fieldset class="stack-tight"><legend class="field-label">${t('Which lot?')}</legend>${cards.map((card) => html`<label class="choice">
<input type="radio" name="card" value="${rowKey(card)}"${rowKey(card) === chosen && html` checked`}${errors.card && html` aria-describedby="card-error"`}>
<span class="choice-words"><span class="strong">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span>
<span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span></span></span></label>`)}
${fieldError('card', errors.card)}</fieldset>
<div class="field"><label class="field-label" for="reason">${t('Why?')}</label>
<select class="input" id="reason" name="reason"${errors.reason && html` aria-invalid="true" aria-describedby="reason-error"`}><option value="">${t('Choose a reason')}</option>
<optgroup label="${t('Takes away')}">${options('debit')}</optgroup><optgroup label="${t('Adds')}">${options('credit')}</optgroup></select>${fieldError('reason', errors.reason)}</div>
<div class="field"><label class="field-label" for="quantity">${t('How many?')} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'quantity', name: 'quantity', value: fields.quantity, label: t('How many?'), error: errors.quantity })}${fieldError('quantity', errors.quantity)}</div></form>`;
  return {
    title: row.name, back: '/app/adjust', body,
    bar: html`${keypad(ctx)}<button class="button button-primary" form="adjust" data-keypad-save>${icon('check')}${t('Save the adjustment')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Reply} */
function unknown(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Adjust'), back: '/app/adjust', body: html`<p>${ctx.t('This product is not on this device.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function adjustProduct(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknown(ctx);
  // A list of what expired or broke leads here with all that it knows.
  const known = ctx.query.has('card') ? fieldsOf(ctx.query) : { card: '', reason: '', quantity: '' };
  return page(ctx, await form(ctx, row, (await getDraft(draftKey(ctx))) ?? known));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function adjustDraft(ctx) {
  await putDraft(draftKey(ctx), fieldsOf(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function adjustSave(ctx) {
  const { t, fmt } = ctx;
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknown(ctx);
  const fields = fieldsOf(ctx.form);
  const card = choices(await cardView(row.code)).find((one) => rowKey(one) === fields.card);
  const all = await reasons();
  const reason = [...offered(all, 'debit'), ...offered(all, 'credit')].find((one) => one.code === fields.reason);
  const read = parseQuantity(fields.quantity, { least: 1 });
  if (!card || !reason || !read.ok) {
    return invalid(ctx, await form(ctx, row, fields, {
      card: card ? null : t('Choose the lot.'), reason: reason ? null : t('Choose the reason.'),
      quantity: read.ok ? null : quantityWords(ctx, read.error),
    }));
  }
  const beyond = reason.type === 'debit' ? read.value - Math.max(0, card.on_hand) : 0;
  if (beyond > 0 && ctx.form.get('sure') !== 'yes') {
    return invalid(ctx, await form(ctx, row, fields, { warn: t('This takes away {n} more than the book shows. Is it right? You will be asked to count this product.', { n: fmt.number(beyond) }) }));
  }
  const warn = ctx.form.get('sure') === 'yes' || reason.type === 'debit' ? null : await absurdity(ctx, row.code, read.value);
  if (warn) return invalid(ctx, await form(ctx, row, fields, { warn }));
  let id;
  try {
    ({ id } = await append('stock.adjust', { lines: [adjustment(row.code, card, reason, read.value)] }, { drafts: { [draftKey(ctx)]: undefined } }));
  } catch (error) {
    return invalid(ctx, await form(ctx, row, fields, { failure: savingFailed(ctx, error) }));
  }
  await Promise.all([used(ctx, 'reason', [reason.code]), used(ctx, 'adjust', [row.code])]);
  return redirect(`/app/stock/${encodeURIComponent(row.code)}?saved=${id}`);
}

route('GET', '/app/adjust/:product', adjustProduct);
route('POST', '/app/adjust/:product', adjustSave);
route('POST', '/app/adjust/:product/draft', adjustDraft);
