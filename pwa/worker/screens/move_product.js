/** /app/move/:product: from which lot and place, how many, and where to. */

import { byExpiry } from '../fefo.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { cardsView, cardView, getDraft, locations, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { figureField, keypad } from './keypad.js';
import { onCard } from './movement_draft.js';
import { empty, expiryChip, fieldError, notice, quantityWords, question, textField } from './parts.js';
import { savingFailed } from './saving.js';
import { lastFirst, used, usedLast } from './used.js';

/** @import { CardView, Ctx, Line, Location, Page, Product, Reply } from '../types.js' */

/** What a select offers for the place without a name: see `other` for a place that people call so. */
const UNNAMED = '~';
const PLACE_MAX = 64;

/** @typedef {{card: string, quantity: string, to: string, other: string}} Fields as they were typed */
/** @typedef {{card?: string | null, quantity?: string | null, to?: string | null, other?: string | null, warn?: string, failure?: string}} Errors */

/** @param {Ctx} ctx */
function draftKey({ me, params }) {
  return `move/${me.facility}/${me.user}/${params.product}`;
}

/** @param {URLSearchParams} form @returns {Fields} */
function fieldsOf(form) {
  /** @param {string} name */
  const field = (name) => form.get(name) ?? '';
  return { card: field('card'), quantity: field('quantity'), to: field('to'), other: field('other').trim().slice(0, PLACE_MAX) };
}

/**
 * PURE: places that were registered, and those that stock lies at.
 *
 * @param {readonly Location[]} registered
 * @param {readonly CardView[]} cards of all products
 * @returns {Location[]} by name; those no longer in use only where stock lies there
 */
export function knownPlaces(registered, cards) {
  const held = new Set(cards.filter((card) => card.on_hand !== 0 && card.location !== '').map((card) => card.location));
  const named = new Map(registered.map((place) => [place.code, place]));
  const called = registered.map((place) => ({ ...place, name: place.name || place.code }));
  const others = [...held].filter((code) => !named.has(code)).map((code) => ({ code, name: code, active: true }));
  return [...called.filter((place) => place.active !== false || held.has(place.code)), ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {CardView[]} cards with stock
 * @param {Fields} fields
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
async function form(ctx, row, cards, fields, errors = {}) {
  const { t, fmt } = ctx;
  const here = `/app/move/${encodeURIComponent(row.code)}`;
  const [registered, all, last] = await Promise.all([locations(), cardsView(), usedLast(ctx, 'place')]);
  const known = lastFirst(knownPlaces(registered, all), last);
  const named = (/** @type {string} */ code) => known.find((place) => place.code === code)?.name ?? code;
  if (cards.length === 0) {
    return { title: row.name, back: '/app/move', body: empty('lot', t('None on the shelf'), t('There is nothing of it to move. If there is, count it first.')) };
  }
  const chosen = cards.length === 1 ? rowKey(/** @type {CardView} */ (cards[0])) : fields.card;
  const options = [{ code: UNNAMED, name: t('Main store') }, ...known];
  const body = html`${errors.failure && notice('bad', errors.failure, { urgent: true })}
<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span></p>
${errors.warn && question('move', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: save it') })}
<form method="post" action="${here}" id="move" class="stack${errors.warn ? ' keys-later' : ''}" data-draft="${here}/draft" novalidate>
<fieldset class="stack-tight"><legend class="field-label">${t('From where?')}</legend>${cards.map((card) => html`<label class="choice"><input type="radio" name="card" value="${rowKey(card)}"${rowKey(card) === chosen && html` checked`}${errors.card && html` aria-describedby="card-error"`}>
<span class="choice-words"><span class="strong">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span>
<span class="row-detail"><span>${card.location === '' ? t('Main store') : named(card.location)}</span>${card.lot !== '' && expiryChip(ctx, card.expiry)}<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span></span></span></label>`)}${fieldError('card', errors.card)}</fieldset>
<div class="field"><label class="field-label" for="to">${t('Where to?')}</label><select class="input" id="to" name="to"${errors.to && html` aria-invalid="true" aria-describedby="to-error"`}><option value="">${t('Choose a place')}</option>
${options.map((place) => html`<option value="${place.code}"${place.code === fields.to && html` selected`}>${place.name}</option>`)}</select>${fieldError('to', errors.to)}</div>
${textField({ id: 'other', label: t('Or a place that is not on the list'), value: fields.other, error: errors.other, length: PLACE_MAX })}
<div class="field"><label class="field-label" for="quantity">${t('How many?')} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'quantity', name: 'quantity', value: fields.quantity, label: t('How many?'), error: errors.quantity })}${fieldError('quantity', errors.quantity)}</div></form>`;
  return { title: row.name, back: `/app/stock/${encodeURIComponent(row.code)}`, body, bar: html`${keypad(ctx)}<button class="button button-primary" form="move" data-keypad-save>${icon('check')}${t('Save the move')}</button>` };
}

/** @param {Ctx} ctx @returns {Reply} */
function unknown(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Move'), back: '/app/move', body: html`<p>${ctx.t('This product is not on this device.')}</p>` });
}

/** @param {string} code @returns {Promise<CardView[]>} */
async function held(code) {
  return (await cardView(code)).filter((card) => card.on_hand > 0).sort(byExpiry);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function moveProduct(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknown(ctx);
  return page(ctx, await form(ctx, row, await held(row.code), (await getDraft(draftKey(ctx))) ?? fieldsOf(ctx.query)));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function moveDraft(ctx) {
  await putDraft(draftKey(ctx), fieldsOf(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function moveSave(ctx) {
  const { t, fmt } = ctx;
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknown(ctx);
  const fields = fieldsOf(ctx.form);
  const cards = await held(row.code);
  const card = cards.find((one) => rowKey(one) === fields.card);
  const read = parseQuantity(fields.quantity, { least: 1 });
  const location = fields.other || (fields.to === UNNAMED ? '' : fields.to);
  const nowhere = fields.other === '' && fields.to === '';
  const there = card !== undefined && !nowhere && location === card.location ? t('It is there already. Choose another place.') : null;
  if (!card || !read.ok || nowhere || there) {
    return invalid(ctx, await form(ctx, row, cards, fields, {
      card: card ? null : t('Choose what is moved.'), quantity: read.ok ? null : quantityWords(ctx, read.error),
      to: nowhere ? t('Choose where it goes.') : fields.other === '' ? there : null, other: fields.other === '' ? null : there,
    }));
  }
  const beyond = read.value - card.on_hand;
  if (beyond > 0 && ctx.form.get('sure') !== 'yes') {
    return invalid(ctx, await form(ctx, row, cards, fields, { warn: t('This takes away {n} more than the book shows. Is it right? You will be asked to count this product.', { n: fmt.number(beyond) }) }));
  }
  /** @type {Line} */
  const line = { ...onCard(card), quantity: read.value, to: { ...(location !== '' && { location }), ...(card.account !== '' && { account: card.account }) } };
  let id;
  try {
    ({ id } = await append('stock.move', { lines: [line] }, { drafts: { [draftKey(ctx)]: undefined } }));
  } catch (error) {
    return invalid(ctx, await form(ctx, row, cards, fields, { failure: savingFailed(ctx, error) }));
  }
  await Promise.all([used(ctx, 'move', [row.code]), location !== '' && used(ctx, 'place', [location])]);
  return redirect(`/app/stock/${encodeURIComponent(row.code)}?saved=${id}`);
}

route('GET', '/app/move/:product', moveProduct);
route('POST', '/app/move/:product', moveSave);
route('POST', '/app/move/:product/draft', moveDraft);
