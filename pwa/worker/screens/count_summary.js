/** /app/count/:session/summary: what differs from the book, what is still to be counted, and the end of the count. */

import { clock } from '../clock.js';
import { html } from '../html.js';
import { page, redirect } from '../layout.js';
import { route } from '../router.js';
import { product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { differences } from './count_differences.js';
import { ROWS_MAX, howFar, noSuchCount } from './count_list.js';
import { progress, sessionKey, sessionOf } from './count_session.js';
import { chip, empty, notice } from './parts.js';

/** @import { Ctx, Product, Reply } from '../types.js' */
/** @import { ItemDifference } from './count_differences.js' */
/** @import { Session } from './count_session.js' */

/**
 * @param {Ctx} ctx
 * @param {ItemDifference} item
 */
function verdict(ctx, item) {
  const { t, fmt } = ctx;
  if (item.opening) return chip('info', 'plus', t('First count'));
  if (item.difference < 0) return chip('bad', 'minus', t('{n} short', { n: fmt.number(-item.difference) }));
  if (item.difference > 0) return chip('warn', 'plus', t('{n} over', { n: fmt.number(item.difference) }));
  return item.agrees ? chip('good', 'equal', t('Agrees')) : chip('warn', 'lot', t('Lots differ'));
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {ItemDifference} item
 * @param {Product | undefined} row
 */
function itemRow(ctx, session, item, row) {
  const { t, fmt } = ctx;
  const inside = html`<span class="row-words"><span class="row-name">${row?.name ?? item.product}</span>
<span class="row-detail">${verdict(ctx, item)}${!item.opening && html`<span>${t('Book {n}', { n: fmt.number(item.book) })}</span>`}</span></span>
<span class="row-figure">${fmt.number(item.counted)}<span class="row-unit">${row?.dispensing_unit}</span></span>`;
  return html`<li>${session.finished_at === null
    ? html`<a class="row" href="/app/count/${session.id}/item/${encodeURIComponent(item.product)}">${inside}</a>`
    : html`<a class="row" href="/app/stock/${encodeURIComponent(item.product)}">${inside}</a>`}</li>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countSummary(ctx) {
  const { t, tn, fmt } = ctx;
  const session = await sessionOf(ctx);
  if (!session) return noSuchCount(ctx);
  const { counted, of } = progress(session);
  const all = differences(session);
  const differing = all.items.filter((item) => !item.agrees);
  const others = all.items.filter((item) => item.agrees);
  const rows = new Map(await Promise.all(all.items.map(async (item) => /** @type {const} */ ([item.product, await product(item.product)]))));
  /** @param {ItemDifference} item */
  const line = (item) => itemRow(ctx, session, item, rows.get(item.product));
  const left = of - counted;
  const here = `/app/count/${session.id}`;
  const finished = session.finished_at;
  const body = counted === 0 ? empty('count', t('Nothing counted yet'), t('Count the first item, then its difference to the book shows here.'))
    : html`${finished !== null && notice('good', t('Finished {when}. Every figure was saved when it was entered.', { when: fmt.dateTime(finished) }))}
${howFar(ctx, session)}
<dl class="figures"><div class="figure"><dt>${t('agree with the book')}</dt><dd>${fmt.number(all.agree)}</dd></div>
<div class="figure"><dt>${t('short')}</dt><dd>${fmt.number(all.short)}</dd></div>
<div class="figure"><dt>${t('over')}</dt><dd>${fmt.number(all.over)}</dd></div>
${all.moved > 0 && html`<div class="figure"><dt>${t('with lots that differ')}</dt><dd>${fmt.number(all.moved)}</dd></div>`}
${all.opening > 0 && html`<div class="figure"><dt>${t('counted for the first time')}</dt><dd>${fmt.number(all.opening)}</dd></div>`}
${all.accuracy !== null && html`<div class="figure"><dt>${t('of the cards within 10 % of the book')}</dt><dd>${fmt.number(all.accuracy)} %</dd></div>`}</dl>
${finished === null && left > 0 && notice('warn', html`<p>${tn('One item is not counted yet. If you finish now it keeps what the book says.', '{n} items are not counted yet. If you finish now they keep what the book says.', left, { n: fmt.number(left) })}</p><p><a class="button" href="${here}">${t('Go on counting')}</a></p>`)}
${differing.length > 0 && html`<section class="stack-tight"><h2>${t('Differences')}</h2><p class="soft small">${finished === null ? t('Tap one to count it again.') : null}</p><ul class="rows">${differing.slice(0, ROWS_MAX).map(line)}</ul></section>`}
${others.length > 0 && html`<section class="stack-tight"><h2>${t('No difference')}</h2><ul class="rows">${others.slice(0, ROWS_MAX).map(line)}</ul></section>`}`;
  const bar = finished !== null ? html`<a class="button button-primary" href="/app">${t('To the start page')}</a>`
    : html`<form method="post" action="${here}/finish"><button class="button button-primary">${icon('check')}${t('Finish the count')}</button></form>`;
  return page(ctx, { title: t('Summary of the count'), back: finished === null ? here : '/app/count', body, bar });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countFinish(ctx) {
  const session = await sessionOf(ctx);
  if (!session) return noSuchCount(ctx);
  if (session.finished_at === null) await putDraft(sessionKey(session.id), { ...session, finished_at: clock.now() });
  return redirect(`/app/count/${session.id}/summary`);
}

route('GET', '/app/count/:session/summary', countSummary);
route('POST', '/app/count/:session/finish', countFinish);
