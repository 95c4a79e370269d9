/** /app/receive/shipment/:id/product: what came along and is not on the paper: which product, and its lot. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { route } from '../router.js';
import { deleteDraft, getDraft, product, putDraft } from '../store.js';
import { lotEntryPage, lotFields, NOTHING, readLot } from './lot_entry.js';
import { wordsOf } from './movement_way.js';
import { productRows, searchBox } from './product_search.js';
import { shipmentGone } from './receive_shipment.js';
import { changeShipment, shipmentAsked, shipmentKey, withExtra } from './shipment_draft.js';

/** @import { Ctx, Product, Reply } from '../types.js' */
/** @import { Place } from './lot_entry.js' */

/** @param {Ctx} ctx */
function rootOf({ params }) {
  return `/app/receive/shipment/${encodeURIComponent(params.id ?? '')}`;
}

/** @param {Ctx} ctx */
function halfTypedKey(ctx) {
  return `${shipmentKey(ctx, ctx.params.id ?? '')}/extra/${ctx.params.product}`;
}

/** @param {Ctx} ctx @param {Product} row @returns {Place} */
function placeOf(ctx, row) {
  const root = rootOf(ctx);
  return { here: `${root}/product/${encodeURIComponent(row.code)}`, back: `${root}/product`, ask: ctx.t('How many came in?'), add: wordsOf(ctx, 'receive').add };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function chooseExtra(ctx) {
  if (!(await shipmentAsked(ctx))) return shipmentGone(ctx);
  const root = rootOf(ctx);
  const text = (ctx.query.get('q') ?? '').trim();
  const body = html`${searchBox(ctx, { address: `${root}/product`, text, focus: true })}
${await productRows(ctx, { text, door: (code) => `${root}/product/${encodeURIComponent(code)}` })}`;
  return page(ctx, { title: ctx.t('Choose a product'), back: root, body });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function showExtra(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row || !(await shipmentAsked(ctx))) return shipmentGone(ctx);
  return page(ctx, await lotEntryPage(ctx, row, (await getDraft(halfTypedKey(ctx))) ?? NOTHING, placeOf(ctx, row)));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function extraDraft(ctx) {
  await putDraft(halfTypedKey(ctx), lotFields(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function addExtra(ctx) {
  const [row, asked] = await Promise.all([product(ctx.params.product ?? ''), shipmentAsked(ctx)]);
  if (!row || !asked) return shipmentGone(ctx);
  const full = asked.shipment.lines.length + asked.draft.extra.length >= LINES_MAX;
  const read = full ? { line: null, errors: { number: wordsOf(ctx, 'receive').full } } : await readLot(ctx, row);
  const { line } = read;
  if (!line) return invalid(ctx, await lotEntryPage(ctx, row, lotFields(ctx.form), placeOf(ctx, row), read.errors));
  await changeShipment(ctx, asked.shipment.id, (draft) => withExtra(draft, line));
  await deleteDraft(halfTypedKey(ctx));
  return redirect(rootOf(ctx));
}

route('GET', '/app/receive/shipment/:id/product', chooseExtra);
route('GET', '/app/receive/shipment/:id/product/:product', showExtra);
route('POST', '/app/receive/shipment/:id/product/:product', addExtra);
route('POST', '/app/receive/shipment/:id/product/:product/draft', extraDraft);
