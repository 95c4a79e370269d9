/** /app/stock/:product: the cards of one product by lot, what they add up to, and what this device did to them. */

import { html } from '../html.js';
import { notice as standIn, page } from '../layout.js';
import { route } from '../router.js';
import { cardView, movements, product } from '../store.js';
import { chip, empty, expiryChip, icon, notice } from './parts.js';

/** @import { CardView, Ctx, Kind, Movement, Reply } from '../types.js' */

/** So many movements are shown; all of them are in the list of operations. */
const MOVEMENTS_MAX = 50;

/**
 * @param {Ctx} ctx
 * @param {Kind} kind
 * @returns {[string, string]} icon and words
 */
export function kindWords({ t }, kind) {
  /** @type {Partial<Record<Kind, [string, string]>>} */
  const words = {
    'stock.count': ['count', t('Count')], 'stock.receive': ['receive', t('Receipt')], 'stock.issue': ['issue', t('Issue')],
    'stock.dispense': ['issue', t('Dispensing')], 'stock.adjust': ['adjust', t('Adjustment')],
  };
  return words[kind] ?? ['card', kind];
}

/**
 * @param {Ctx} ctx
 * @param {Movement} movement
 */
function fate(ctx, { state, outcome }) {
  const { t } = ctx;
  if (state === 'waiting') return chip('info', 'waiting', t('Waits to be sent'));
  if (state === 'set_aside') return chip('bad', 'alert', t('Set aside'));
  if (outcome === 'held') return chip('bad', 'held', t('Held for a decision'));
  return outcome === 'flagged' ? chip('warn', 'alert', t('Recorded, to be looked at')) : chip('good', 'check', t('Recorded'));
}

/**
 * @param {Ctx} ctx
 * @param {Movement} movement
 */
function movementRow(ctx, movement) {
  const { t, fmt } = ctx;
  const [symbol, words] = kindWords(ctx, movement.kind);
  const count = movement.lines.some((line) => line.type === 'count');
  const sum = movement.lines.reduce((total, line) => total + line.quantity, 0);
  const lots = movement.lines.map((line) => line.lot).filter(Boolean);
  const figure = count ? `= ${fmt.number(sum)}` : `${sum > 0 ? '+' : '−'}${fmt.number(Math.abs(sum))}`;
  return html`<li class="row">${icon(symbol)}<span class="row-words"><span class="row-name">${words}</span>
<span class="row-detail"><span>${fmt.dateTime(movement.occurred_at)}</span><span>${movement.author}</span>${
  lots.length > 0 && html`<span>${t('Lot {number}', { number: lots.join(', ') })}</span>`}${fate(ctx, movement)}</span></span>
<span class="row-figure number">${figure}</span></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {CardView} card
 */
function lotRow(ctx, card) {
  const { t, fmt } = ctx;
  return html`<li class="row"><span class="row-words"><span class="row-name">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span>
<span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}${card.location && html`<span>${card.location}</span>`}${card.account && html`<span>${card.account}</span>`}
<span>${card.counted_at === null ? t('Never counted') : t('Counted {when}', { when: fmt.date(card.counted_at) })}</span>${
  card.provisional && chip('info', 'clock', t('Provisional'))}${card.on_hand < 0 && chip('bad', 'alert', t('Below zero: count it'))}</span></span>
<span class="row-figure number">${fmt.number(card.on_hand)}</span></li>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function stockCard(ctx) {
  const { t, fmt } = ctx;
  const code = ctx.params.product ?? '';
  const [row, cards, moved] = await Promise.all([product(code), cardView(code), movements(code)]);
  if (!row) return standIn(ctx, 404, { title: t('Stock'), back: '/app/stock', body: html`<p>${t('This product is not on this device.')}</p>` });
  const total = cards.reduce((sum, card) => sum + card.on_hand, 0);
  const shown = cards.filter((card) => card.on_hand !== 0 || card.provisional);
  const lastCount = Math.max(0, ...cards.map((card) => card.counted_at ?? 0));
  const body = html`<p class="soft small"><span class="code">${row.code}</span>${row.category && html` · <span>${row.category}</span>`}${
    row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`}</p>
<dl class="figures"><div class="figure"><dt>${t('on hand')} · ${row.dispensing_unit}</dt><dd class="number">${fmt.number(total)}</dd></div>
<div class="figure"><dt>${t('last count')}</dt><dd class="figure-date">${lastCount === 0 ? t('never') : fmt.date(lastCount)}</dd></div></dl>
${cards.some((card) => card.provisional) && notice('info', t('Provisional: something recorded here lies before what other devices have sent. The server works it out at the next sync.'))}
<section class="stack-tight"><h2>${t('Lots')}</h2>${shown.length === 0
    ? empty('lot', t('None on the shelf'), cards.length === 0 ? t('This product has no stock card here yet. Receive it, or count it, and one is opened.') : t('The book shows none of it.'))
    : html`<ul class="rows">${shown.map((card) => lotRow(ctx, card))}</ul>`}</section>
<section class="stack-tight"><h2>${t('Recorded on this device')}</h2>${moved.length === 0
    ? html`<p class="soft">${t('Nothing was recorded here for this product in the last 90 days.')}</p>`
    : html`<ul class="rows">${moved.slice(0, MOVEMENTS_MAX).map((one) => movementRow(ctx, one))}</ul>`}</section>`;
  return page(ctx, { title: row.name, back: '/app/stock', body });
}

route('GET', '/app/stock/:product', stockCard);
