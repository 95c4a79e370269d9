/** /app/count/:session: the list of a count, how far it is, and what to count next. */

import { html } from '../html.js';
import { notice as standIn, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardsView, product, searchProducts } from '../store.js';
import { icon } from '../sprite.js';
import { nextToCount, progress, sessionOf } from './count_session.js';
import { arrow, chip, empty } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Product, Reply } from '../types.js' */
/** @import { Session } from './count_session.js' */

/** No list is longer: a search finds the rest. */
export const ROWS_MAX = 100;

/**
 * @param {Ctx} ctx
 * @returns {Reply} for a count that this device does not have
 */
export function noSuchCount(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Count'), back: '/app/count', body: html`<p>${ctx.t('This count is not on this device.')}</p>` });
}

/**
 * How far the count is, in words and as a bar.
 *
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {Html}
 */
export function howFar(ctx, session) {
  const { counted, of } = progress(session);
  const words = ctx.t('{n} of {m} counted', { n: ctx.fmt.number(counted), m: ctx.fmt.number(of) });
  return html`<div class="stack-tight"><p class="strong">${words}</p>
<progress max="${Math.max(of, 1)}" value="${counted}" aria-label="${words}">${words}</progress></div>`;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {Product} row
 * @param {Map<string, number>} book
 * @param {boolean} all counted ones are shown too, so that each must tell
 */
function itemRow(ctx, session, row, book, all) {
  const { t, fmt } = ctx;
  const item = session.items[row.code];
  const counted = item?.lines.reduce((sum, line) => sum + line.counted, 0);
  const onBook = book.get(row.code);
  const figure = counted !== undefined ? html`<span class="row-figure">${fmt.number(counted)}<span class="row-unit">${row.dispensing_unit}</span></span>`
    : session.blind || onBook === undefined ? null
      : html`<span class="row-figure soft">${fmt.number(onBook)}<span class="row-unit">${t('on the book')}</span></span>`;
  return html`<li><a class="row" href="/app/count/${session.id}/item/${encodeURIComponent(row.code)}">
<span class="row-words"><span class="row-name">${row.name}</span>
<span class="row-detail"><span class="code">${row.code}</span>${item ? chip('good', 'check', t('Counted {time}', { time: fmt.time(item.at) })) : all && chip('idle', 'clock', t('To count'))}</span></span>
${figure ?? arrow()}</a></li>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countList(ctx) {
  const { t, query } = ctx;
  const session = await sessionOf(ctx);
  if (!session) return noSuchCount(ctx);
  if (session.finished_at !== null) return redirect(`/app/count/${session.id}/summary`);
  const next = nextToCount(session);
  const text = (query.get('q') ?? '').trim();
  const show = query.get('show') === 'all' || next === null || text !== '' ? 'all' : 'open';
  const inScope = new Set(session.products);
  const found = text === '' ? (await Promise.all(session.products.map(product))).filter((row) => row !== undefined)
    : await searchProducts(text, ROWS_MAX + 1);
  const shown = found.filter((row) => show === 'all' || !(row.code in session.items));
  /** @type {Map<string, number>} */
  const book = new Map();
  for (const card of await cardsView()) book.set(card.product, (book.get(card.product) ?? 0) + card.on_hand);
  const nextRow = next === null ? null : await product(next);
  const { counted, of } = progress(session);
  const here = `/app/count/${session.id}`;
  const body = html`${howFar(ctx, session)}
<form class="search" role="search" action="${here}" method="get">${icon('search')}
<label class="hidden-words" for="q">${t('Find a product in this count, or another one to add')}</label>
<input class="input" type="search" id="q" name="q" value="${text}" placeholder="${t('Find a product')}" autocomplete="off" maxlength="80"
 hx-get="${here}" hx-trigger="input changed delay:150ms" hx-target="#found" hx-select="#found" hx-swap="outerHTML" hx-sync="replace"></form>
<nav class="segments" aria-label="${t('What to show')}">
<a class="segment" href="${here}"${show === 'open' && html` aria-current="true"`}>${t('To count ({n})', { n: ctx.fmt.number(of - counted) })}</a>
<a class="segment" href="${here}?show=all"${show === 'all' && html` aria-current="true"`}>${t('All ({n})', { n: ctx.fmt.number(of) })}</a></nav>
<div id="found" class="stack-tight">${shown.length === 0 ? empty('search', t('Nothing found'), t('Try a shorter word, or the code on the label.'))
    : html`<ul class="rows">${shown.slice(0, ROWS_MAX).map((row) => itemRow(ctx, session, row, book, show === 'all'))}</ul>`}
${shown.length > ROWS_MAX && html`<p class="soft">${t('Only the first {n} are shown. Search for the others.', { n: ROWS_MAX })}</p>`}
${text !== '' && shown.some((row) => !inScope.has(row.code)) && html`<p class="soft">${t('Products outside this count are added to it when you count them.')}</p>`}</div>`;
  const bar = html`<a class="button" href="${here}/summary">${t('Summary')}</a>
${nextRow ? html`<a class="button button-primary" href="${here}/item/${encodeURIComponent(nextRow.code)}">${icon('count')}${counted === 0 ? t('Start counting') : t('Count the next')}</a>`
    : html`<a class="button button-primary" href="${here}/summary">${icon('check')}${t('To the end')}</a>`}`;
  return page(ctx, { title: t('Count'), back: '/app/count', body, bar });
}

route('GET', '/app/count/:session', countList);
