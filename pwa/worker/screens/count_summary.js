/** /app/count/:session/summary: what differs from the book, what is still to be counted, and the end of the count. */

import { clock } from '../clock.js';
import { html } from '../html.js';
import { page, redirect } from '../layout.js';
import { route } from '../router.js';
import { product, putDraft, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { differences } from './count_differences.js';
import { ROWS_MAX } from './count_list.js';
import { inSession, progress, sessionKey, sessionOf } from './count_session.js';
import { howFar, noSuchCount } from './count_words.js';
import { arrow, chip, empty, notice } from './parts.js';
import { reasonWords } from './reason_words.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Product, Reason, Reply } from '../types.js' */
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
 * @param {readonly Reason[]} all
 */
function itemRow(ctx, session, item, row, all) {
  const { t, fmt } = ctx;
  const given = (session.items[item.product]?.lines ?? []).flatMap((line) => line.reasons ?? []);
  /** @param {{reason: string, quantity: number}} one */
  const words = ({ reason, quantity }) => `${reasonWords(ctx, all.find(({ code }) => code === reason) ?? { code: reason, name: reason, type: 'debit' })}: ${fmt.number(Math.abs(quantity))}`;
  const inside = html`<span class="row-words"><span class="row-name">${row?.name ?? item.product}</span>
<span class="row-detail">${verdict(ctx, item)}${!item.opening && html`<span>${t('Book {n}', { n: fmt.number(item.book) })}</span>`}${given.map((one) => html`<span>${words(one)}</span>`)}</span></span>
<span class="row-figure">${fmt.number(item.counted)}<span class="row-unit">${row?.dispensing_unit}</span></span>`;
  return html`<li>${session.finished_at === null
    ? html`<a class="row" href="/app/count/${session.id}/item/${encodeURIComponent(item.product)}">${inside}</a>`
    : html`<a class="row" href="/app/stock/${encodeURIComponent(item.product)}">${inside}</a>`}</li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {Promise<Html | null>} what two people have not settled: it is not saved
 */
async function unsettled(ctx, session) {
  const { t, tn, fmt } = ctx;
  const { once, open } = progress(session);
  if (once + open.length === 0) return null;
  const rows = await Promise.all(open.map(async (code) => html`<li><a class="row" href="/app/count/${session.id}/item/${encodeURIComponent(code)}">
<span class="row-words"><span class="row-name">${(await product(code))?.name ?? code}</span><span class="row-detail">${session.pairs[code]?.tallies.map(({ by }) => html`<span>${by}</span>`)}${chip('bad', 'alert', t('To decide'))}</span></span>${arrow()}</a></li>`));
  return html`${once > 0 && notice('warn', tn('One product was counted by one person only. It is not saved before a second has counted it.', '{n} products were counted by one person only. They are not saved before a second has counted them.', once, { n: fmt.number(once) }))}
${open.length > 0 && html`<section class="stack-tight"><h2>${t('The two counts differ, or lack a reason')}</h2><ul class="rows">${session.finished_at === null ? rows.slice(0, ROWS_MAX) : null}</ul>
${session.finished_at !== null && html`<p class="soft">${tn('{n} was not saved.', '{n} were not saved.', open.length, { n: fmt.number(open.length) })}</p>`}</section>`}`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countSummary(ctx) {
  const { t, tn, fmt } = ctx;
  const session = await sessionOf(ctx);
  if (!session) return noSuchCount(ctx);
  const { counted, of } = progress(session);
  const all = differences(session);
  const known = await reasons();
  const differing = all.items.filter((item) => !item.agrees);
  const others = all.items.filter((item) => item.agrees);
  const rows = new Map(await Promise.all(all.items.map(async (item) => /** @type {const} */ ([item.product, await product(item.product)]))));
  /** @param {ItemDifference} item */
  const line = (item) => itemRow(ctx, session, item, rows.get(item.product), known);
  const left = of - counted;
  const here = `/app/count/${session.id}`;
  const finished = session.finished_at;
  const waiting = await unsettled(ctx, session);
  const body = all.items.length === 0 && waiting === null ? empty('count', t('Nothing counted yet'), t('Count the first item, then its difference to the book shows here.'))
    : html`${finished !== null && notice('good', t('Finished {when}. Every figure was saved when it was entered.', { when: fmt.dateTime(finished) }))}
${howFar(ctx, session)}${waiting}
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
  return inSession(ctx, async () => {
    const session = await sessionOf(ctx);
    if (!session) return noSuchCount(ctx);
    if (session.finished_at === null) await putDraft(sessionKey(session.id), { ...session, finished_at: clock.now() });
    return redirect(`/app/count/${session.id}/summary`);
  });
}

route('GET', '/app/count/:session/summary', countSummary);
route('POST', '/app/count/:session/finish', countFinish);
