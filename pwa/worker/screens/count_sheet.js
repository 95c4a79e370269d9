/** /app/count/:session/sheet: the count on paper, A4, to be filled in with a pen and typed in afterwards. */

import { clock } from '../clock.js';
import { byExpiry } from '../fefo.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { cardsView, product } from '../store.js';
import { icon } from '../sprite.js';
import { within } from './count_scope.js';
import { sessionOf } from './count_session.js';
import { noSuchCount, scopeWords } from './count_words.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Product, Reply } from '../types.js' */
/** @import { Session } from './count_session.js' */

/** Empty lines at the end, for what is found and on no list. */
const SPARE_LINES = 5;

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {Product} row
 * @param {readonly CardView[]} cards of it with stock
 * @returns {Html} a line a lot, the first with the product's name
 */
function productLines(ctx, session, row, cards) {
  const { fmt } = ctx;
  const lots = cards.length > 0 ? [...cards].sort(byExpiry) : [null];
  return html`<tbody>${lots.map((card, i) => html`<tr>${i === 0 && html`<th scope="rowgroup" rowspan="${lots.length}">${row.name}<span class="sheet-code code">${row.code}</span></th><td rowspan="${lots.length}">${row.dispensing_unit}</td>`}
<td><bdi>${card?.lot}</bdi>${card?.location && html` <span class="sheet-code">${card.location}</span>`}</td><td class="number">${card?.expiry && fmt.date(card.expiry)}</td>
${!session.blind && html`<td class="number">${card && fmt.number(card.on_hand)}</td>`}<td class="sheet-blank"></td>${session.two && html`<td class="sheet-blank"></td>`}<td class="sheet-note"></td></tr>`)}</tbody>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countSheet(ctx) {
  const { t, fmt, me } = ctx;
  const session = await sessionOf(ctx);
  if (!session) return noSuchCount(ctx);
  /** @type {Map<string, CardView[]>} */
  const held = new Map();
  for (const card of within(session, await cardsView())) {
    if (card.on_hand === 0) continue;
    const own = held.get(card.product);
    if (own) own.push(card);
    else held.set(card.product, [card]);
  }
  const rows = (await Promise.all(session.products.map(product))).filter((row) => row !== undefined);
  const columns = 6 + (session.blind ? 0 : 1) + (session.two ? 1 : 0);
  const body = html`<p class="sheet-screen">${session.blind ? t('The book is left out, for the count is blind.') : t('The book is that of now.')} ${t('Count with a pen, then type the figures in here.')}</p>
<div class="sheet-print"><p class="line-apart"><strong>${me.facilityName}</strong><span>${fmt.dateTime(clock.now())}</span></p><p>${t('Count sheet')}: ${scopeWords(ctx, session)}</p>
<div class="sheet-frame" tabindex="0" role="region" aria-label="${t('Count sheet')}"><table class="sheet-table"><thead><tr><th scope="col">${t('Product')}</th><th scope="col">${t('Unit')}</th><th scope="col">${t('Lot')}</th><th scope="col">${t('Expiry')}</th>
${!session.blind && html`<th scope="col">${t('Book')}</th>`}<th scope="col">${t('Counted')}</th>${session.two && html`<th scope="col">${t('Second count')}</th>`}<th scope="col">${t('Note')}</th></tr></thead>
${rows.map((row) => productLines(ctx, session, row, held.get(row.code) ?? []))}
<tbody>${Array.from({ length: SPARE_LINES }, () => html`<tr class="sheet-spare">${Array.from({ length: columns }, () => html`<td></td>`)}</tr>`)}</tbody></table></div>
<div class="sheet-signs">${[t('Counted by'), session.two ? t('Second count by') : t('Checked by'), t('Date')].map((words) => html`<p>${words}<span class="sheet-line"></span></p>`)}</div></div>`;
  return page(ctx, {
    title: t('Count sheet'), back: session.finished_at === null ? `/app/count/${session.id}` : `/app/count/${session.id}/summary`, body,
    bar: html`<button type="button" class="button button-primary" data-print>${icon('print')}${t('Print')}</button>`,
  });
}

route('GET', '/app/count/:session/sheet', countSheet);
