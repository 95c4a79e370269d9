/** /app/stock/:product: the cards of one product by lot, what they add up to, and what this device did to them. */

import { html } from '../html.js';
import { notice as standIn, page } from '../layout.js';
import { route } from '../router.js';
import { cardView, levels, movements, operationOf, product } from '../store.js';
import { attention } from '../store/records.js';
import { icon } from '../sprite.js';
import { favouriteButton } from './favourite.js';
import { fateOf, kindWords } from './operation_words.js';
import { chip, empty, expiryChip, notice } from './parts.js';
import { undoLink } from './saved.js';
import { statusChip, stockFigures } from './stock_figures.js';
import { vvmChip, vvmDoor } from './vvm_words.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Kind, Movement, Reply } from '../types.js' */

/** So many movements are shown; all of them are in the list of operations. */
const MOVEMENTS_MAX = 50;

/** @type {Partial<Record<Kind, string>>} */
const SYMBOLS = {
  'stock.count': 'count', 'stock.receive': 'receive', 'stock.issue': 'issue', 'stock.dispense': 'issue', 'stock.adjust': 'adjust', 'stock.move': 'move',
  'stock.unpack': 'kit',
};

/**
 * @param {Ctx} ctx
 * @param {Movement} movement
 * @param {boolean} standing whether something about it asks for a look
 */
function movementRow(ctx, movement, standing) {
  const { t, fmt } = ctx;
  const fate = fateOf(ctx, movement, standing);
  const count = movement.lines.some((line) => line.type === 'count');
  const sum = movement.lines.reduce((total, line) => total + line.quantity, 0);
  const lots = [...new Set(movement.lines.map((line) => line.lot).filter(Boolean))];
  // What was only moved adds up to nothing: how many went is said instead.
  const moved = movement.kind === 'stock.move' ? movement.lines.reduce((total, line) => total + Math.max(0, line.quantity), 0) : 0;
  const figure = moved > 0 ? fmt.number(moved) : count ? `= ${fmt.number(sum)}` : `${sum > 0 ? '+' : '−'}${fmt.number(Math.abs(sum))}`;
  return html`<li class="row">${icon(SYMBOLS[movement.kind] ?? 'card')}<span class="row-words"><span class="row-name">${kindWords(ctx, movement.kind)}</span>
<span class="row-detail"><span>${fmt.dateTime(movement.occurred_at)}</span><span>${movement.author}</span>${
  lots.length > 0 && html`<span>${t('Lot {number}', { number: lots.join(', ') })}</span>`}${chip(fate.tone, fate.symbol, fate.words)}</span></span>
<span class="row-figure number">${figure}</span></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {CardView} card
 */
function lotRow(ctx, card) {
  const { t, fmt } = ctx;
  return html`<li class="row"><span class="row-words"><span class="row-name">${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span>
<span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}${vvmChip(ctx, card.vvm)}${card.location && html`<span>${card.location}</span>`}${card.account && html`<span>${card.account}</span>`}
<span>${card.counted_at === null ? t('Never counted') : t('Counted {when}', { when: fmt.date(card.counted_at) })}</span>${
  card.provisional && chip('info', 'clock', t('Provisional'))}${card.on_hand < 0 && chip('bad', 'alert', t('Below zero: count it'))}</span></span>
<span class="row-figure number">${fmt.number(card.on_hand)}</span></li>`;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Html | null>} what was just saved from here, and the way to undo it
 */
async function savedNotice(ctx) {
  const { t } = ctx;
  const id = ctx.query.get('saved') ?? '';
  const record = id === '' ? undefined : await operationOf(id);
  if (!record) return null;
  const words = record.kind === 'stock.move' ? t('The move is saved on this device.') : t('The adjustment is saved on this device.');
  return html`${notice('good', words)}<p>${undoLink(ctx, id)}</p>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function stockCard(ctx) {
  const { t, fmt } = ctx;
  const code = ctx.params.product ?? '';
  const [row, cards, moved, problems, known] = await Promise.all([product(code), cardView(code), movements(code), attention(), levels()]);
  const standing = new Set(problems.map(({ id }) => id));
  if (!row) return standIn(ctx, 404, { title: t('Stock'), back: '/app/stock', body: html`<p>${t('This product is not on this device.')}</p>` });
  const total = cards.reduce((sum, card) => sum + card.on_hand, 0);
  const shown = cards.filter((card) => card.on_hand !== 0 || card.provisional);
  const level = known.get(code);
  const status = statusChip(ctx, total, level);
  const lastCount = Math.max(0, ...cards.map((card) => card.counted_at ?? 0));
  const mayAdjust = ctx.me.rights.includes('stock.adjust');
  const body = html`${await savedNotice(ctx)}<p class="soft small"><span class="code">${row.code}</span>${row.category && html` · <span>${row.category}</span>`}${
    row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`}</p>
${status && html`<p>${status}</p>`}
<dl class="figures"><div class="figure"><dt>${t('on hand')} · ${row.dispensing_unit}</dt><dd class="number">${fmt.number(total)}</dd></div>
<div class="figure"><dt>${t('last count')}</dt><dd class="figure-date">${lastCount === 0 ? t('never') : fmt.date(lastCount)}</dd></div></dl>
${cards.some((card) => card.provisional) && notice('info', t('Provisional: something recorded here lies before what other devices have sent. The server works it out at the next sync.'))}
<section class="stack-tight"><h2>${t('Lots')}</h2>${shown.length === 0
    ? empty('lot', t('None on the shelf'), cards.length === 0 ? t('This product has no stock card here yet. Receive it, or count it, and one is opened.') : t('The book shows none of it.'))
    : html`<ul class="rows">${shown.map((card) => lotRow(ctx, card))}</ul>`}${vvmDoor(ctx, row, cards)}</section>
${stockFigures(ctx, row, total, level)}
${await favouriteButton(ctx, code)}
<section class="stack-tight"><h2>${t('Recorded on this device')}</h2>${moved.length === 0
    ? html`<p class="soft">${t('Nothing was recorded here for this product in the last 90 days.')}</p>`
    : html`<ul class="rows">${moved.slice(0, MOVEMENTS_MAX).map((one) => movementRow(ctx, one, standing.has(one.id)))}</ul>`}</section>`;
  const mayMove = ctx.me.rights.includes('stock.move') && cards.some((card) => card.on_hand > 0);
  const bar = mayAdjust || mayMove ? html`${mayAdjust && html`<a class="button" href="/app/adjust/${encodeURIComponent(code)}">${icon('adjust')}${t('Adjust')}</a>`}${
    mayMove && html`<a class="button" href="/app/move/${encodeURIComponent(code)}">${icon('move')}${t('Move')}</a>`}` : null;
  return page(ctx, { title: row.name, back: '/app/stock', body, bar });
}

route('GET', '/app/stock/:product', stockCard);
