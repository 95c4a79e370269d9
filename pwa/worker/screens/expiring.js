/** /app/expiring: what has expired, and what expires within 1, 3 or 6 months with the quantity that will be left over. */

import { clock } from '../clock.js';
import { expiryState, localDate } from '../expiry.js';
import { atRisk, monthsLater } from '../expiry_risk.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { cardsView, levels, operationOf, product, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { arrow, chip, empty, expiryChip, notice } from './parts.js';
import { offered } from './reason_words.js';
import { undoLink } from './saved.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Reason, Reply } from '../types.js' */

const MONTHS = [1, 3, 6];
const MONTHS_FIRST = 3;
/** So many rows are drawn of each list, those that expire first. */
const ROWS_MAX = 200;

/** @typedef {{card: CardView, left: number | null}} Risk left: at expiry; null where no consumption is known */

/**
 * @param {readonly CardView[]} all
 * @param {Map<string, {amc: number | null}>} known by product
 * @param {string} today
 * @returns {Risk[]} every lot with stock and an expiry date, first to expire first
 */
export function risks(all, known, today) {
  /** @type {Map<string, CardView[]>} */
  const byProduct = new Map();
  for (const card of all) byProduct.set(card.product, [...(byProduct.get(card.product) ?? []), card]);
  return [...byProduct].flatMap(([code, cards]) => {
    const amc = known.get(code)?.amc ?? null;
    return atRisk(cards, amc ?? 0, today).map(({ card, left }) => ({ card, left: amc === null ? null : left }));
  }).filter(({ card }) => card.expiry !== null).sort((a, b) => ((a.card.expiry ?? '') < (b.card.expiry ?? '') ? -1 : 1));
}

/**
 * PURE
 *
 * @param {readonly Reason[]} all
 * @returns {Reason | undefined} the reason for what expired
 */
export function expiredReason(all) {
  const debit = offered(all, 'debit');
  return debit.find(({ code }) => code === 'expired') ?? debit.find(({ tags }) => (tags ?? []).includes('expired'));
}

/**
 * @param {Ctx} ctx
 * @param {CardView} card
 * @param {Html | null} state
 * @param {string} url
 * @returns {Promise<Html>}
 */
async function lotRow(ctx, card, state, url) {
  const { t, fmt } = ctx;
  const row = await product(card.product);
  return html`<li><a class="row" href="${url}"><span class="row-words"><span class="row-name">${row?.name ?? card.product}</span>
<span class="row-detail"><span>${t('Lot {number}', { number: card.lot })}</span>${expiryChip(ctx, card.expiry)}${card.location && html`<span>${card.location}</span>`}</span>${state && html`<span class="row-detail">${state}</span>`}</span>
<span class="row-figure number">${fmt.number(card.on_hand)}<span class="row-unit">${row?.dispensing_unit}</span></span>${arrow()}</a></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Risk} risk
 * @returns {Html}
 */
function riskChip({ t, fmt }, { card, left }) {
  if (left === null) return html`<span>${t('How much of it will be used is not known here yet.')}</span>`;
  if (left === 0) return chip('good', 'check', t('Will be used in time'));
  return chip(left === card.on_hand ? 'bad' : 'warn', 'alert', t('{n} will be left over', { n: fmt.number(left) }));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function expiring(ctx) {
  const { t, tn, fmt, me } = ctx;
  const today = localDate(clock.now());
  const asked = Number(ctx.query.get('within'));
  const within = MONTHS.includes(asked) ? asked : MONTHS_FIRST;
  const [cards, known, all] = await Promise.all([cardsView(), levels(), reasons()]);
  const dated = risks(cards, known, today);
  const expired = dated.filter(({ card }) => expiryState(card.expiry, today) === 'expired');
  const until = monthsLater(today, within);
  const soon = dated.filter(({ card }) => (card.expiry ?? '') >= today && (card.expiry ?? '') <= until);
  const mayAdjust = me.rights.includes('stock.adjust') && expiredReason(all) !== undefined;
  const savedId = ctx.query.get('saved') ?? '';
  const saved = savedId !== '' && (await operationOf(savedId)) !== undefined;
  const writeOff = (/** @type {CardView} */ card) => `/app/adjust/${encodeURIComponent(card.product)}?${new URLSearchParams({
    card: rowKey(card), reason: expiredReason(all)?.code ?? '', quantity: String(card.on_hand) })}`;
  const stockCard = (/** @type {CardView} */ card) => `/app/stock/${encodeURIComponent(card.product)}`;
  const expiredRows = await Promise.all(expired.slice(0, ROWS_MAX).map(({ card }) => lotRow(ctx, card, null, mayAdjust ? writeOff(card) : stockCard(card))));
  const soonRows = await Promise.all(soon.slice(0, ROWS_MAX).map((risk) => lotRow(ctx, risk.card, riskChip(ctx, risk), stockCard(risk.card))));
  const body = html`${saved && html`${notice('good', t('What expired is written off, saved on this device.'))}<p>${undoLink(ctx, savedId)}</p>`}
${expired.length > 0 && html`<section class="stack-tight"><h2>${t('Expired')}</h2><p class="soft">${t('Take it off the shelf, then write it off. Tap a lot to write off only that.')}</p><ul class="rows">${expiredRows}</ul></section>`}
<section class="stack-tight"><h2>${tn('Expires within {n} month', 'Expires within {n} months', within, { n: fmt.number(within) })}</h2>
<nav class="segments" aria-label="${t('How far ahead?')}">${MONTHS.map((n) => html`<a class="segment" href="/app/expiring?within=${n}"${n === within && html` aria-current="page"`}>${tn('{n} month', '{n} months', n, { n: fmt.number(n) })}</a>`)}</nav>
${soonRows.length === 0 ? empty('calendar', t('Nothing expires in this time'), t('Lots with an expiry date and stock show here, with what will be left over if use goes on as it does.'))
    : html`<ul class="rows">${soonRows}</ul><p class="soft small">${t('Left over: what is still there on the day it expires, if as much is used as in the last months and the lots that expire first go first.')}</p>`}</section>
${[expired, soon].some((list) => list.length > ROWS_MAX) && html`<p class="soft">${t('Only the first {n} are shown. Search for the others.', { n: fmt.number(ROWS_MAX) })}</p>`}`;
  const bar = expired.length > 0 && mayAdjust ? html`<a class="button button-primary" href="/app/expiring/write-off">${icon('expired')}${t('Write off what expired')}</a>` : null;
  return page(ctx, { title: t('Expiry dates'), back: '/app', body, bar });
}

route('GET', '/app/expiring', expiring);
