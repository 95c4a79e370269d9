/** /app/count/:session: the list of a count, how far it is, who did what, and what to count next. */

import { clock } from '../clock.js';
import { html } from '../html.js';
import { page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardsView, product, searchProducts } from '../store.js';
import { icon } from '../sprite.js';
import { justSaved } from './count_item.js';
import { oldPage } from './count_old.js';
import { within } from './count_scope.js';
import { OLD_MS, lastTouched, nextToCount, progress, sessionOf } from './count_session.js';
import { howFar, noSuchCount } from './count_words.js';
import { arrow, chip, empty, notice } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Product, Reply } from '../types.js' */
/** @import { Session } from './count_session.js' */

/** No list is longer: a search finds the rest. */
export const ROWS_MAX = 100;

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {string} code
 * @returns {Html | null} what has become of a product, null where nobody has counted it
 */
function state({ t, fmt, me }, session, code) {
  const item = session.items[code];
  if (item) {
    const told = { time: fmt.time(item.at), name: item.by, other: item.also ?? '' };
    return chip('good', 'check', item.also ? t('Counted {time}, {name} and {other}', told) : item.by === me.user ? t('Counted {time}', told) : t('Counted {time}, {name}', told));
  }
  const tallies = session.pairs[code]?.tallies ?? [];
  if (tallies.length === 2) return chip('bad', 'alert', t('To decide'));
  return tallies[0] ? chip('info', 'person', t('Counted once, {name}', { name: tallies[0].by })) : null;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {Product} row
 * @param {Map<string, number>} book
 * @param {boolean} all counted ones are shown too, so that each must tell
 */
function itemRow(ctx, session, row, book, all) {
  const { t, fmt, me } = ctx;
  const pair = session.pairs[row.code];
  const own = session.items[row.code] ?? pair?.tallies.find(({ by }) => by === me.user);
  const counted = own?.lines.reduce((sum, line) => sum + line.counted, 0);
  const onBook = book.get(row.code);
  const figure = counted !== undefined ? html`<span class="row-figure">${fmt.number(counted)}<span class="row-unit">${row.dispensing_unit}</span></span>`
    // Who counts second is told neither the book nor the other figure.
    : session.blind || pair || onBook === undefined ? null
      : html`<span class="row-figure soft">${fmt.number(onBook)}<span class="row-unit">${t('on the book')}</span></span>`;
  return html`<li><a class="row" href="/app/count/${session.id}/item/${encodeURIComponent(row.code)}">
<span class="row-words"><span class="row-name">${row.name}</span>
<span class="row-detail"><span class="code">${row.code}</span>${state(ctx, session, row.code) ?? (all && chip('idle', 'clock', t('To count')))}</span></span>
${figure ?? arrow()}</a></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {string | null} next
 * @returns {Html | null} whose turn it is, where this person can count nothing more
 */
function othersTurn({ t, tn, fmt }, session, next) {
  const { once } = progress(session);
  if (next !== null || once === 0) return null;
  return notice('info', html`<p>${tn('You have counted what there is. {n} product waits for a second person, who will not see your figure.', 'You have counted what there is. {n} products wait for a second person, who will not see your figures.', once, { n: fmt.number(once) })}</p>
<p><a class="button" href="/app/sign-in">${icon('people')}${t('Someone else goes on')}</a></p>`);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countList(ctx) {
  const { t, query, fmt, me } = ctx;
  const session = await sessionOf(ctx);
  if (!session) return noSuchCount(ctx);
  if (session.finished_at !== null) return redirect(`/app/count/${session.id}/summary`);
  if (clock.now() - lastTouched(session) >= OLD_MS) return page(ctx, oldPage(ctx, session));
  const next = nextToCount(session, me.user);
  const text = (query.get('q') ?? '').trim();
  const { counted, of } = progress(session);
  const show = query.get('show') === 'all' || counted === of || text !== '' ? 'all' : 'open';
  const inScope = new Set(session.products);
  const found = text === '' ? (await Promise.all(session.products.map(product))).filter((row) => row !== undefined)
    : await searchProducts(text, ROWS_MAX + 1);
  const shown = found.filter((row) => show === 'all' || !(row.code in session.items));
  /** @type {Map<string, number>} */
  const book = new Map();
  for (const card of within(session, await cardsView())) book.set(card.product, (book.get(card.product) ?? 0) + card.on_hand);
  const here = `/app/count/${session.id}`;
  const body = html`${await justSaved(ctx, session)}${howFar(ctx, session)}${othersTurn(ctx, session, next)}
<form class="search" role="search" action="${here}" method="get">${icon('search')}
<label class="hidden-words" for="q">${t('Find a product in this count, or another one to add')}</label>
<input class="input" type="search" id="q" name="q" value="${text}" placeholder="${t('Find a product')}" autocomplete="off" maxlength="80"
 hx-get="${here}" hx-trigger="input changed delay:150ms" hx-target="#found" hx-select="#found" hx-swap="outerHTML" hx-sync="replace"></form>
<nav class="segments" aria-label="${t('What to show')}">
<a class="segment" href="${here}"${show === 'open' && html` aria-current="true"`}>${t('To count ({n})', { n: fmt.number(of - counted) })}</a>
<a class="segment" href="${here}?show=all"${show === 'all' && html` aria-current="true"`}>${t('All ({n})', { n: fmt.number(of) })}</a></nav>
<div id="found" class="stack-tight">${shown.length === 0 ? empty('search', t('Nothing found'), t('Try a shorter word, or the code on the label.'))
    : html`<ul class="rows">${shown.slice(0, ROWS_MAX).map((row) => itemRow(ctx, session, row, book, show === 'all'))}</ul>`}
${shown.length > ROWS_MAX && html`<p class="soft">${t('Only the first {n} are shown. Search for the others.', { n: ROWS_MAX })}</p>`}
${text !== '' && shown.some((row) => !inScope.has(row.code)) && html`<p class="soft">${t('Products outside this count are added to it when you count them.')}</p>`}</div>
<p><a class="button button-block" href="${here}/sheet">${icon('print')}${t('A sheet to print')}</a></p>`;
  const bar = html`<a class="button" href="${here}/summary">${t('Summary')}</a>
${next !== null ? html`<a class="button button-primary" href="${here}/item/${encodeURIComponent(next)}">${icon('count')}${counted === 0 && Object.keys(session.pairs).length === 0 ? t('Start counting') : t('Count the next')}</a>`
    : counted === of && html`<a class="button button-primary" href="${here}/summary">${icon('check')}${t('To the end')}</a>`}`;
  return page(ctx, { title: t('Count'), back: '/app/count', body, bar });
}

route('GET', '/app/count/:session', countList);
