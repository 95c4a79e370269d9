/** The search over products that several screens show: the box, and the rows with what is on hand. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { unfit, usable } from '../fefo.js';
import { html } from '../html.js';
import { monthsOfStockTenths } from '../resupply.js';
import { cardsView, levels, searchProducts } from '../store.js';
import { icon } from '../sprite.js';
import { arrow, chip, empty, expiryChip } from './parts.js';
import { warningChip } from './stock_figures.js';
import { favourites, usedLast } from './used.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Level, Product } from '../types.js' */

/** Rows at first, and at most when one asks for more: drawing thousands would keep the hand waiting. */
const ROWS_FIRST = 30;
const ROWS_MAX = 100;

/**
 * A box that asks the worker while one types and swaps #found only.
 *
 * @param {Ctx} ctx
 * @param {{address: string, text: string, focus?: boolean, kept?: Record<string, string>}} search kept: further fields of the address
 * @returns {Html}
 */
export function searchBox(ctx, { address, text, focus, kept = {} }) {
  return html`<form class="search" role="search" action="${address}" method="get">${icon('search')}${Object.entries(kept).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<label class="hidden-words" for="q">${ctx.t('Find a product by name or code')}</label>
<input class="input" type="search" id="q" name="q" value="${text}" placeholder="${ctx.t('Name or code')}" autocomplete="off" maxlength="80"${focus && html` autofocus`}
 hx-get="${address}" hx-trigger="input changed delay:150ms" hx-target="#found" hx-select="#found" hx-swap="outerHTML" hx-sync="replace"${Object.keys(kept).length > 0 && html` hx-include="closest form"`}></form>`;
}

/**
 * @param {readonly CardView[]} cards
 * @returns {Map<string, CardView[]>}
 */
function byProduct(cards) {
  /** @type {Map<string, CardView[]>} */
  const found = new Map();
  for (const card of cards) {
    const own = found.get(card.product);
    if (own) own.push(card);
    else found.set(card.product, [card]);
  }
  return found;
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {readonly CardView[]} cards of it
 * @param {string} url
 * @param {{favourite: boolean, level?: Level | undefined}} more level: where it stands is shown by it
 * @returns {Html}
 */
function productRow(ctx, row, cards, url, { favourite, level }) {
  const { t, fmt } = ctx;
  const total = cards.reduce((sum, card) => sum + card.on_hand, 0);
  const today = localDate(clock.now());
  const first = usable(cards, today)[0];
  const held = cards.filter((card) => card.on_hand > 0);
  const state = cards.length === 0 ? chip('idle', 'card', t('No card yet')) : total < 0 ? chip('bad', 'alert', t('Below zero: count it'))
    : total === 0 ? chip('bad', 'alert', t('Out of stock'))
    : held.length > 0 && !first ? held.every((card) => unfit(card, today) === 'expired') ? chip('bad', 'expired', t('All expired')) : chip('bad', 'alert', t('None may be used'))
    : warningChip(ctx, total, level);
  const expiry = total > 0 && first?.expiry ? expiryChip(ctx, first.expiry) : null;
  const months = level?.amc != null && total > 0 ? html`<span>${t('{months} months', { months: fmt.tenths(monthsOfStockTenths(total, level.amc)) })}</span>` : null;
  return html`<li><a class="row" href="${url}"><span class="row-words"><span class="row-name">${favourite && html`${icon('star', 'icon-full')}<span class="hidden-words">${t('At the top of my lists')}: </span>`}${row.name}</span>
<span class="row-detail"><span class="code">${row.code}</span>${state}${months}${expiry}</span></span>
${cards.length > 0 && html`<span class="row-figure">${fmt.number(total)}<span class="row-unit">${row.dispensing_unit}</span></span>`}${cards.length === 0 && arrow()}</a></li>`;
}

/**
 * What the search finds, as #found. Without a text: what has a card here, else the catalogue.
 *
 * @param {Ctx} ctx
 * @param {{text: string, door: (code: string) => string, stocked?: boolean, standing?: boolean, task?: string, kept?: Record<string, string>}} search
 *   stocked: what is on hand comes first; standing: with where each stands by its level; task: before it, what this person used last for that; kept: further fields of
 *   the address
 * @returns {Promise<Html>}
 */
export async function productRows(ctx, { text, door, stocked = false, standing = false, task = '', kept = {} }) {
  const { t, fmt, query } = ctx;
  const [views, known] = await Promise.all([cardsView(), standing ? levels() : new Map()]);
  const cards = byProduct(views);
  const limit = query.get('more') === null ? ROWS_FIRST : ROWS_MAX;
  const all = await searchProducts(text, text === '' ? Number.POSITIVE_INFINITY : ROWS_MAX + 1);
  const held = text === '' && cards.size > 0 ? all.filter((row) => cards.has(row.code)) : all;
  /** @param {Product} row */
  const onHand = (row) => (cards.get(row.code) ?? []).some((card) => card.on_hand > 0);
  const ordered = stocked ? [...held.filter(onHand), ...held.filter((row) => !onHand(row))] : held;
  const [mine, last] = await Promise.all([favourites(ctx), task === '' ? [] : usedLast(ctx, task)]);
  const first = new Set(mine);
  // Of what was used or marked, but has no card here yet, the rows come too: it is asked for.
  const named = text === '' ? [...mine, ...last.filter((code) => !first.has(code))] : [];
  const asked = named.flatMap((code) => all.find((row) => row.code === code) ?? []);
  const found = [...asked, ...ordered.filter((row) => !asked.includes(row))];
  const shown = found.slice(0, limit);
  const more = `?${new URLSearchParams({ ...kept, q: text, more: '1' })}`;
  return html`<div id="found" class="stack-tight">${shown.length === 0
    ? empty('search', text === '' ? t('No products yet') : t('Nothing found'), text === ''
      ? t('The list of products has not reached this device. Connect once to a network, then come back.')
      : t('Try a shorter word, or the code on the label.'))
    : html`<ul class="rows">${shown.map((row) => productRow(ctx, row, cards.get(row.code) ?? [], door(row.code), { favourite: first.has(row.code), level: known.get(row.code) }))}</ul>`}
${found.length > shown.length && (limit < ROWS_MAX ? html`<a class="button" href="${more}">${t('Show more')}</a>`
    : html`<p class="soft">${t('Only the first {n} are shown. Search for the others.', { n: fmt.number(limit) })}</p>`)}</div>`;
}
