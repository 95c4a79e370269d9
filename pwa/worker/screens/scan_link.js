/** /app/scan/link: a code that no product has yet: search, tap the product, confirm; from then on everyone here may scan it. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { readScan } from '../gs1.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { taskText } from '../scan_door.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { expiryChip, notice } from './parts.js';
import { productRows, searchBox } from './product_search.js';
import { codeOf, goOn, taskFor } from './scan.js';
import { listOf } from './scan_arrive.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { Scan } from '../gs1.js' */

const RIGHT = 'product.identify';

/** @param {Ctx} ctx @returns {URLSearchParams} what was scanned and what for */
function carried(ctx) {
  return new URLSearchParams({ for: taskText(taskFor(ctx)), code: codeOf(ctx) });
}

/** @param {Ctx} ctx @param {Scan} scan @returns {Html} what the pack says */
function pack(ctx, { gtin, lot, expiry }) {
  const { t } = ctx;
  return html`<p class="row-detail"><span>GTIN <bdi class="code">${gtin}</bdi></span>${lot !== '' && html`<span>${t('Lot {number}', { number: lot })}</span>`}${expiry !== null && expiryChip(ctx, expiry)}</p>`;
}

/** @param {Ctx} ctx @returns {Scan | Reply} */
function readOf(ctx) {
  const read = readScan(codeOf(ctx), localDate(clock.now()));
  return read.ok ? read : redirect(`/app/scan?${carried(ctx)}`);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function choose(ctx) {
  const { t, query, me } = ctx;
  const scan = readOf(ctx);
  if ('status' in scan) return scan;
  const text = (query.get('q') ?? '').trim();
  const kept = { for: taskText(taskFor(ctx)), code: codeOf(ctx) };
  const words = me.rights.includes(RIGHT) ? t('No product here has this code yet: it may be a new pack, or one of another country. Which product is it? It is remembered for everyone here.')
    : t('No product here has this code yet: it may be a new pack, or one of another country. Choose the product to go on. Only some people may have the code remembered.');
  const body = html`${notice('info', html`<p>${words}</p>${pack(ctx, scan)}`)}
${searchBox(ctx, { address: '/app/scan/link', text, focus: true, kept })}
${await productRows(ctx, { text, door: (code) => `/app/scan/link/${encodeURIComponent(code)}?${carried(ctx)}`, kept })}`;
  return page(ctx, { title: t('Which product?'), back: listOf(taskFor(ctx)), body });
}

/**
 * @param {Ctx} ctx
 * @param {Scan} scan
 * @param {Product} row
 * @param {string} [failure]
 * @returns {Page}
 */
function confirmPage(ctx, scan, row, failure) {
  const { t, me } = ctx;
  const may = me.rights.includes(RIGHT);
  const body = html`${failure && notice('bad', failure, { urgent: true })}
<div class="sheet stack-tight"><h2>${row.name}</h2><p class="row-detail"><span class="code">${row.code}</span><span>${row.dispensing_unit}</span></p>${pack(ctx, scan)}</div>
<p>${may ? t('Is this what stands on the pack? Compare name, strength and form.') : t('You may go on with this product. Ask a pharmacist or a storekeeper to have the code remembered.')}</p>
<form method="post" action="/app/scan/link/${encodeURIComponent(row.code)}" id="link"><input type="hidden" name="for" value="${taskText(taskFor(ctx))}"><input type="hidden" name="code" value="${codeOf(ctx)}"></form>`;
  const once = html`<button class="button${!may && ' button-primary'}" form="link" name="remember" value="no">${t('Only this time')}</button>`;
  return {
    title: t('Is it this one?'), back: `/app/scan/link?${carried(ctx)}`, body,
    bar: html`${once}${may && html`<button class="button button-primary" form="link" name="remember" value="yes">${icon('check')}${t('Yes: remember it')}</button>`}`,
  };
}

/** @param {Ctx} ctx @returns {Promise<{scan: Scan, row: Product} | Reply>} */
async function stateOf(ctx) {
  const scan = readOf(ctx);
  if ('status' in scan) return scan;
  const row = await product(ctx.params.product ?? '');
  return row ? { scan, row } : standIn(ctx, 404, { title: ctx.t('Which product?'), back: `/app/scan/link?${carried(ctx)}`, body: html`<p>${ctx.t('This product is not on this device.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function confirm(ctx) {
  const state = await stateOf(ctx);
  return 'status' in state ? state : page(ctx, confirmPage(ctx, state.scan, state.row));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function link(ctx) {
  const state = await stateOf(ctx);
  if ('status' in state) return state;
  const { scan, row } = state;
  if (ctx.form.get('remember') === 'yes' && ctx.me.rights.includes(RIGHT)) {
    try {
      await append(RIGHT, { product: row.code, system: 'gtin', value: scan.gtin, active: true });
    } catch (error) {
      return invalid(ctx, confirmPage(ctx, scan, row, savingFailed(ctx, error)));
    }
  }
  return goOn(ctx, taskFor(ctx), row, scan);
}

route('GET', '/app/scan/link', choose);
route('GET', '/app/scan/link/:product', confirm);
route('POST', '/app/scan/link/:product', link);
