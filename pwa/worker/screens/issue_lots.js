/** /app/issue/product/:product/lots: other lots than the proposed ones, a figure beside each. */

import { byExpiry } from '../fefo.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { cardView, product } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { figureField, keypad } from './keypad.js';
import { draftOf, keep, withProduct } from './movement_draft.js';
import { expiryChip, fieldError, quantityWords } from './parts.js';

/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */
/** @import { DraftLine } from './movement_draft.js' */

/** @typedef {Pick<CardView, 'lot' | 'expiry' | 'location' | 'account' | 'on_hand'>} Choice a card to take from */

/**
 * PURE: the cards to choose from: those with stock, and those the draft already takes from.
 *
 * @param {readonly CardView[]} cards
 * @param {readonly DraftLine[]} own
 * @returns {Choice[]} first to expire first
 */
export function choices(cards, own) {
  const held = cards.filter((card) => card.on_hand > 0 || own.some((line) => rowKey(line) === rowKey(card))).sort(byExpiry);
  const others = own.filter((line) => !held.some((card) => rowKey(card) === rowKey(line)));
  return [...held, ...others.map((line) => ({ ...line, on_hand: 0 }))];
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {Choice[]} cards
 * @param {string[]} typed one a card
 * @param {Map<number, string>} [errors]
 * @returns {Page}
 */
function lotsPage(ctx, row, cards, typed, errors = new Map()) {
  const { t, fmt } = ctx;
  const here = `/app/issue/product/${encodeURIComponent(row.code)}/lots`;
  const aimed = cards.findIndex((card) => card.lot !== '' && card.lot === ctx.query.get('scanned'));
  const focus = errors.keys().next().value ?? Math.max(0, aimed);
  const body = html`<p class="soft">${t('First expired, first out: take another lot only with a good reason.')}</p>
<form method="post" action="${here}" id="lots" novalidate><ul class="lots">${cards.map((card, i) => {
    const name = card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot });
    const error = errors.get(i) ?? null;
    return html`<li><label class="lot" for="figure-${i}"><span class="lot-words"><span class="lot-number">${name}</span>
<span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span></span></span>
${figureField({ id: `figure-${i}`, name: 'quantity', value: typed[i] ?? '', label: t('{lot}: how many go out?', { lot: name }), error, focus: i === focus })}
${fieldError(`figure-${i}`, error)}</label><input type="hidden" name="card" value="${rowKey(card)}"></li>`;
  })}</ul></form>`;
  return {
    title: row.name, back: '/app/issue/lines', body,
    bar: html`${keypad(ctx, cards.length > 1 ? { next: t('Next lot') } : {})}<button class="button button-primary" form="lots" data-keypad-save>${icon('check')}${t('Take these lots')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function issueLots(ctx) {
  const row = await product(ctx.params.product ?? '');
  const draft = await draftOf(ctx, 'issue');
  if (!row || !draft) return redirect('/app/issue');
  const own = draft.lines.filter((line) => line.product === row.code);
  const cards = choices(await cardView(row.code), own);
  if (cards.length === 0) return redirect(`/app/issue/product/${encodeURIComponent(row.code)}`);
  const typed = cards.map((card) => String(own.find((line) => rowKey(line) === rowKey(card))?.quantity ?? ''));
  return page(ctx, lotsPage(ctx, row, cards, typed));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function issueLotsTake(ctx) {
  const row = await product(ctx.params.product ?? '');
  const draft = await draftOf(ctx, 'issue');
  if (!row || !draft) return redirect('/app/issue');
  const own = draft.lines.filter((line) => line.product === row.code);
  const sent = new Map(ctx.form.getAll('card').map((key, i) => [key, ctx.form.getAll('quantity')[i] ?? '']));
  const cards = choices(await cardView(row.code), own);
  const typed = cards.map((card) => sent.get(rowKey(card)) ?? '');
  /** @type {Map<number, string>} */
  const errors = new Map();
  /** @type {DraftLine[]} */
  const lines = [];
  cards.forEach((card, i) => {
    const read = parseQuantity(typed[i] ?? '');
    if (!read.ok && read.error !== 'empty') errors.set(i, quantityWords(ctx, read.error));
    if (!read.ok || read.value === 0) return;
    const { lot, expiry, location, account } = card;
    lines.push({ product: row.code, lot, expiry, location, account, quantity: read.value });
  });
  if (errors.size === 0 && lines.length === 0) errors.set(0, ctx.t('Enter a number beside one lot at least.'));
  const all = withProduct(draft.lines, row.code, lines);
  if (all.length > LINES_MAX) errors.set(0, ctx.t('This issue is full. Save it, then go on with a second one.'));
  if (errors.size > 0) return invalid(ctx, lotsPage(ctx, row, cards, typed, errors));
  await keep(ctx, 'issue', { ...draft, lines: all });
  return redirect('/app/issue/lines');
}

route('GET', '/app/issue/product/:product/lots', issueLots);
route('POST', '/app/issue/product/:product/lots', issueLotsTake);
