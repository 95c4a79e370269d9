/** /app/issue/product/:product/lots, and of a transfer or return: other lots than the proposed ones, a figure beside each. */

import { byExpiry, unfit } from '../fefo.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { cardView, product } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { figureField, keypad } from './keypad.js';
import { dayFor } from './issue_line.js';
import { changeMovement, draftOf, OUTWARD, withProduct } from './movement_draft.js';
import { wordsOf } from './movement_way.js';
import { expiryChip, fieldError, quantityWords, textField } from './parts.js';
import { vvmChip } from './vvm_words.js';

/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */
/** @import { DraftLine, Way } from './movement_draft.js' */

/** @typedef {Pick<CardView, 'lot' | 'expiry' | 'location' | 'account' | 'on_hand' | 'vvm' | 'recalled'>} Choice a card to take from */

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
  return [...held, ...others.map((line) => ({ ...line, on_hand: 0, vvm: null }))];
}

/**
 * @typedef {object} Entry
 * @property {Choice[]} cards
 * @property {string[]} typed one a card
 * @property {string} override why a lot goes out that must not be used
 */

/** Characters of the reason. */
const OVERRIDE_MAX = 120;

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {Product} row
 * @param {Entry} entry
 * @param {Map<number, string>} [errors] by card
 * @param {string} [blocked] what is wrong about a lot that must not be used
 * @returns {Page}
 */
function lotsPage(ctx, way, row, { cards, typed, override }, errors = new Map(), blocked = '') {
  const { t, fmt } = ctx;
  const { root } = wordsOf(ctx, way);
  const here = `${root}/product/${encodeURIComponent(row.code)}/lots`;
  const spoiled = cards.some((card) => unfit(card, dayFor(way)) !== null);
  const aimed = cards.findIndex((card) => card.lot !== '' && card.lot === ctx.query.get('scanned'));
  const focus = errors.keys().next().value ?? (blocked ? -1 : Math.max(0, aimed));
  const body = html`${way !== 'return' && html`<p class="soft">${t('First expired, first out: take another lot only with a good reason.')}</p>`}
<form method="post" action="${here}" id="lots" novalidate><ul class="lots">${cards.map((card, i) => {
    const name = card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot });
    const error = errors.get(i) ?? null;
    return html`<li><label class="lot" for="figure-${i}"><span class="lot-words"><span class="lot-number">${name}</span>
<span class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}${vvmChip(ctx, card.vvm)}<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span></span></span>
${figureField({ id: `figure-${i}`, name: 'quantity', value: typed[i] ?? '', label: t('{lot}: how many go out?', { lot: name }), error, focus: i === focus })}
${fieldError(`figure-${i}`, error)}</label><input type="hidden" name="card" value="${rowKey(card)}"></li>`;
  })}</ul>${spoiled && html`<div class="gap-above">${textField({ id: 'override', label: t('Why does a lot go out that must not be used?'), value: override, hint: t('Only if one must, and with a reason, which is kept with it.'), error: blocked, length: OVERRIDE_MAX })}</div>`}</form>`;
  return {
    title: row.name, back: `${root}/lines`, body,
    bar: html`${keypad(ctx, cards.length > 1 ? { next: t('Next lot') } : {})}<button class="button button-primary" form="lots" data-keypad-save>${icon('check')}${t('Take these lots')}</button>`,
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function showLots(way) {
  return async (ctx) => {
    const { root } = wordsOf(ctx, way);
    const row = await product(ctx.params.product ?? '');
    const draft = await draftOf(ctx, way);
    if (!row || !draft) return redirect(root);
    const own = draft.lines.filter((line) => line.product === row.code);
    const cards = choices(await cardView(row.code), own);
    if (cards.length === 0) return redirect(`${root}/product/${encodeURIComponent(row.code)}`);
    const typed = cards.map((card) => String(own.find((line) => rowKey(line) === rowKey(card))?.quantity ?? ''));
    return page(ctx, lotsPage(ctx, way, row, { cards, typed, override: own.find((line) => line.override)?.override ?? '' }));
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function takeLots(way) {
  return async (ctx) => {
    const { t, form } = ctx;
    const { root, full } = wordsOf(ctx, way);
    const row = await product(ctx.params.product ?? '');
    const draft = await draftOf(ctx, way);
    if (!row || !draft) return redirect(root);
    const sent = new Map(form.getAll('card').map((key, i) => [key, form.getAll('quantity')[i] ?? '']));
    const cards = choices(await cardView(row.code), draft.lines.filter((line) => line.product === row.code));
    const typed = cards.map((card) => sent.get(rowKey(card)) ?? '');
    const override = (form.get('override') ?? '').trim().slice(0, OVERRIDE_MAX);
    /** @type {Map<number, string>} */
    const errors = new Map();
    /** @type {DraftLine[]} */
    const lines = [];
    cards.forEach((card, i) => {
      const read = parseQuantity(typed[i] ?? '');
      if (!read.ok && read.error !== 'empty') errors.set(i, quantityWords(ctx, read.error));
      if (!read.ok || read.value === 0) return;
      const { lot, expiry, location, account } = card;
      const spoiled = unfit(card, dayFor(way)) !== null;
      lines.push({ product: row.code, lot, expiry, location, account, quantity: read.value, ...(spoiled && { override }) });
    });
    if (errors.size === 0 && lines.length === 0) errors.set(0, t('Enter a number beside one lot at least.'));
    if (withProduct(draft.lines, row.code, lines).length > LINES_MAX) errors.set(0, full);
    const blocked = lines.some((line) => line.override === '') ? t('This lot must not be used. Take another one, or say why it goes out all the same.') : '';
    if (errors.size > 0 || blocked) return invalid(ctx, lotsPage(ctx, way, row, { cards, typed, override }, errors, blocked));
    await changeMovement(ctx, way, (now) => ({ ...now, lines: withProduct(now.lines, row.code, lines) }));
    return redirect(`${root}/lines`);
  };
}

for (const way of OUTWARD) {
  route('GET', `/app/${way}/product/:product/lots`, showLots(way));
  route('POST', `/app/${way}/product/:product/lots`, takeLots(way));
}
