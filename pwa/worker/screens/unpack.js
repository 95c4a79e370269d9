/** /app/unpack: which kit is opened; then its lot and how many of it. */

import { byExpiry } from '../fefo.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { cardView, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { figureField, keypad } from './keypad.js';
import { expiryChip, fieldError, quantityWords, question } from './parts.js';
import { productRows, searchBox } from './product_search.js';
import { beginning, lastRecipe, unpackDraft, unpackKey } from './unpack_draft.js';

/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */

/** @typedef {{card: string, kits: string}} Fields */
/** @typedef {{card?: string | null, kits?: string | null, warn?: string}} Errors */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function unpack(ctx) {
  const text = (ctx.query.get('q') ?? '').trim();
  const body = html`<p class="soft">${ctx.t('Open a kit: it leaves the stock, and what is in it comes in, in one step.')}</p>
${searchBox(ctx, { address: '/app/unpack', text })}
${await productRows(ctx, { text, door: (code) => `/app/unpack/${encodeURIComponent(code)}`, stocked: true, task: 'unpack' })}`;
  return page(ctx, { title: ctx.t('Unpack a kit'), back: '/app', body });
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {CardView[]} cards
 * @param {Fields} fields
 * @param {Errors} [errors]
 * @returns {Page}
 */
function kitPage(ctx, row, cards, fields, errors = {}) {
  const { t, fmt } = ctx;
  const here = `/app/unpack/${encodeURIComponent(row.code)}`;
  const chosen = fields.card === '' && cards[0] ? rowKey(cards[0]) : fields.card;
  const body = html`<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span></p>
${errors.warn && question('kit', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: go on') })}
<form method="post" action="${here}" id="kit" class="stack${errors.warn ? ' keys-later' : ''}" novalidate>
<fieldset class="stack-tight"><legend class="field-label">${t('Which lot?')}</legend>${cards.map((card) => html`<label class="choice">
<input type="radio" name="card" value="${rowKey(card)}"${rowKey(card) === chosen && html` checked`}><span class="choice-words"><span class="strong">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span>
<span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}${card.location && html`<span>${card.location}</span>`}<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span></span></span></label>`)}${fieldError('card', errors.card)}</fieldset>
<div class="field"><label class="field-label" for="kits">${t('How many are opened?')} <span class="soft">(${row.dispensing_unit})</span></label>
${figureField({ id: 'kits', name: 'kits', value: fields.kits, label: t('How many are opened?'), error: errors.kits, focus: !errors.warn })}${fieldError('kits', errors.kits)}</div></form>`;
  return {
    title: row.name, back: '/app/unpack', body,
    bar: html`${keypad(ctx)}<button class="button button-primary" form="kit" data-keypad-save>${t('Next: what is in it')}${icon('forward', 'icon-turn')}</button>`,
  };
}

/** @param {string} code @returns {Promise<CardView[]>} those with stock, else the card without a lot */
async function kitCards(code) {
  const held = (await cardView(code)).filter((card) => card.on_hand > 0).sort(byExpiry);
  const none = { facility: '', product: code, lot: '', expiry: null, location: '', account: '', on_hand: 0, provisional: false, counted_at: null, vvm: null };
  return held.length > 0 ? held : [none];
}

/** @param {Ctx} ctx @returns {Reply} */
export function unknownKit(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Unpack a kit'), back: '/app/unpack', body: html`<p>${ctx.t('This product is not on this device.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function unpackKit(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknownKit(ctx);
  const draft = await unpackDraft(ctx);
  return page(ctx, kitPage(ctx, row, await kitCards(row.code), { card: draft ? rowKey(draft.card) : '', kits: String(draft?.kits ?? 1) }));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function unpackChosen(ctx) {
  const { t, fmt, form } = ctx;
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknownKit(ctx);
  const cards = await kitCards(row.code);
  const fields = { card: form.get('card') ?? '', kits: form.get('kits') ?? '' };
  const card = cards.find((one) => rowKey(one) === fields.card);
  const kits = parseQuantity(fields.kits, { least: 1 });
  if (!card || !kits.ok) {
    return invalid(ctx, kitPage(ctx, row, cards, fields, { card: card ? null : t('Choose the lot.'), kits: kits.ok ? null : quantityWords(ctx, kits.error) }));
  }
  const beyond = kits.value - Math.max(0, card.on_hand);
  if (beyond > 0 && form.get('sure') !== 'yes') {
    return invalid(ctx, kitPage(ctx, row, cards, fields, { warn: t('This takes away {n} more than the book shows. Is it right? You will be asked to count this product.', { n: fmt.number(beyond) }) }));
  }
  const { lot, expiry, location, account } = card;
  const chosen = { card: { lot, expiry, location, account }, kits: kits.value };
  await putDraft(unpackKey(ctx), beginning(chosen, await unpackDraft(ctx), await lastRecipe(ctx)));
  return redirect(`/app/unpack/${encodeURIComponent(row.code)}/contents`);
}

route('GET', '/app/unpack', unpack);
route('GET', '/app/unpack/:product', unpackKit);
route('POST', '/app/unpack/:product', unpackChosen);
