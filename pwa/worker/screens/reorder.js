/** /app/reorder: what to order now and how much, by program if one wants; the same as a page to print and as CSV. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { csv, toOrder } from '../reorder.js';
import { route } from '../router.js';
import { cardsView, levels, products, programs, shipments } from '../store.js';
import { icon } from '../sprite.js';
import { chip, empty } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Program, Reply } from '../types.js' */
/** @import { ToOrder } from '../reorder.js' */

/** @returns {Promise<{all: ToOrder[], known: boolean, as_of: string}>} known: whether there are any levels to order by */
export async function reorderNow() {
  const [catalogue, cards, known, coming] = await Promise.all([products(), cardsView(), levels(), shipments()]);
  const all = toOrder({ catalogue, cards, levels: known, shipments: coming }, localDate(clock.now()));
  return { all, known: known.size > 0, as_of: [...known.values()].map((level) => level.as_of).sort().at(-1) ?? '' };
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<{chosen: ToOrder[], offered: Program[], program: string, known: boolean, as_of: string}>} of the program that is asked for
 */
async function asked({ query }) {
  const [{ all, known, as_of }, named] = await Promise.all([reorderNow(), programs()]);
  const used = new Set(all.flatMap(({ row }) => row.programs ?? []));
  const offered = named.filter(({ code }) => used.has(code));
  const program = offered.some(({ code }) => code === query.get('program')) ? (query.get('program') ?? '') : '';
  return { chosen: program === '' ? all : all.filter(({ row }) => (row.programs ?? []).includes(program)), offered, program, known, as_of };
}

/**
 * @param {Ctx} ctx
 * @param {ToOrder} one
 * @returns {Html}
 */
function orderRow({ t, fmt }, { row, on_hand, unfit, coming, amc, months, order, packs, urgency }) {
  const state = urgency === 'out' ? chip('bad', 'alert', t('Out of stock')) : urgency === 'emergency' ? chip('bad', 'alert', t('Very low: order now')) : chip('warn', 'minus', t('Low'));
  return html`<li><a class="row" href="/app/stock/${encodeURIComponent(row.code)}"><span class="row-words"><span class="row-name">${row.name}</span>
<span class="row-detail">${state}<span>${t('{n} on hand', { n: fmt.number(on_hand) })}</span><span>${t('{n} used in a month', { n: fmt.number(amc) })}</span><span>${t('{months} months', { months: fmt.tenths(months) })}</span></span>
${(unfit > 0 || coming > 0) && html`<span class="row-detail">${unfit > 0 && html`<span>${t('{n} of them must not be used', { n: fmt.number(unfit) })}</span>`}${coming > 0 && chip('info', 'transfer', t('{n} on the way', { n: fmt.number(coming) }))}</span>`}</span>
<span class="row-figure number">${fmt.number(order)}<span class="row-unit">${(row.pack_size ?? 1) > 1 ? t('{n} packs of {m}', { n: fmt.number(packs), m: fmt.number(row.pack_size ?? 1) }) : row.dispensing_unit}</span></span></a></li>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function reorder(ctx) {
  const { t, tn, fmt } = ctx;
  const { chosen, offered, program, known, as_of } = await asked(ctx);
  const only = program === '' ? '' : `?${new URLSearchParams({ program })}`;
  const segment = (/** @type {string} */ code, /** @type {string} */ name) => html`<a class="segment" href="/app/reorder${code && `?${new URLSearchParams({ program: code })}`}"${code === program && html` aria-current="page"`}>${name}</a>`;
  const body = !known ? empty('clock', t('Not known yet'), t('How much is used in a month is worked out when a month is over and sent at the next sync. Then this list says what to order.'))
    : html`${offered.length > 1 && html`<nav class="segments segments-roll" aria-label="${t('Program')}">${segment('', t('All'))}${offered.map(({ code, name }) => segment(code, name))}</nav>`}
${chosen.length === 0 ? empty('check', t('Nothing to order'), t('Every product has at least the stock that it should have.'))
    : html`<p class="soft">${tn('{n} product, with how much to order.', '{n} products, the most pressing first, with how much to order.', chosen.length, { n: fmt.number(chosen.length) })}</p>
<ul class="rows">${chosen.map((one) => orderRow(ctx, one))}</ul>
<p class="soft small">${t('To order: what is missing up to the most that should be there, in whole packs, by use up to {month}. What is on the way is not taken off.', { month: fmt.month(as_of) })}</p>
<p><a class="button" href="/app/reorder.csv${only}" hx-boost="false">${icon('install')}${t('Save as CSV')}</a></p>`}`;
  const bar = chosen.length > 0 ? html`<a class="button button-primary" href="/app/reorder/sheet${only}">${icon('print')}${t('List to print')}</a>` : null;
  return page(ctx, { title: t('Reorder'), back: '/app/more', body, bar });
}

/**
 * @param {Ctx} ctx
 * @returns {string[]} the heads of the columns
 */
function columns({ t }) {
  return [t('Product'), t('Code'), t('Unit'), t('On hand'), t('Used in a month'), t('Months of stock'), t('On the way'), t('Pack'), t('Packs to order'), t('To order')];
}

/** @param {Ctx} ctx @returns {Promise<Reply>} A4 */
export async function reorderSheet(ctx) {
  const { t, fmt, me } = ctx;
  const { chosen, program, offered } = await asked(ctx);
  const only = program === '' ? '' : `?${new URLSearchParams({ program })}`;
  const body = html`<div class="sheet-print"><p class="line-apart"><strong>${me.facilityName}</strong><span>${fmt.dateTime(clock.now())}</span></p><p>${t('What to order')}${program && `: ${offered.find(({ code }) => code === program)?.name}`}</p>
<div class="sheet-frame" tabindex="0" role="region" aria-label="${t('What to order')}"><table class="sheet-table"><thead><tr>${columns(ctx).map((words, i) => i !== 1 && html`<th scope="col">${words}</th>`)}</tr></thead>
<tbody>${chosen.map(({ row, on_hand, amc, months, coming, packs, order }) => html`<tr><th scope="row">${row.name}<span class="sheet-code code">${row.code}</span></th><td>${row.dispensing_unit}</td>${
    [fmt.number(on_hand), fmt.number(amc), fmt.tenths(months), coming === 0 ? '' : fmt.number(coming), fmt.number(row.pack_size ?? 1), fmt.number(packs), fmt.number(order)].map((figure) => html`<td class="number">${figure}</td>`)}</tr>`)}</tbody></table></div>
<div class="sheet-signs">${[t('Prepared by'), t('Checked by'), t('Date')].map((words) => html`<p>${words}<span class="sheet-line"></span></p>`)}</div></div>`;
  return page(ctx, { title: t('What to order'), back: `/app/reorder${only}`, body, bar: html`<button type="button" class="button button-primary" data-print>${icon('print')}${t('Print')}</button>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} a file to save; figures as a spreadsheet takes them, a point for the tenths */
export async function reorderFile(ctx) {
  const { chosen } = await asked(ctx);
  const rows = chosen.map(({ row, on_hand, amc, months, coming, packs, order }) => [row.name, row.code, row.dispensing_unit, on_hand, amc, months / 10, coming, row.pack_size ?? 1, packs, order]);
  const name = `order-${ctx.me.facility.replace(/[^\w-]/g, '_')}-${localDate(clock.now())}.csv`;
  return {
    status: 200, body: csv([columns(ctx), ...rows]),
    headers: { 'Content-Type': 'text/csv; charset=utf-8', 'Content-Disposition': `attachment; filename="${name}"`, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' },
  };
}

route('GET', '/app/reorder', reorder);
route('GET', '/app/reorder.csv', reorderFile);
route('GET', '/app/reorder/sheet', reorderSheet);
