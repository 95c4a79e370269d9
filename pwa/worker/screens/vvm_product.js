/** /app/vvm/:product: the stage of the monitor on each lot's vials, and what to do about those past the discard point. */

import { byStage, pastDiscard } from '../fefo.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardView, operationOf, product, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { onCard } from './movement_draft.js';
import { empty, expiryChip, notice, question } from './parts.js';
import { offered } from './reason_words.js';
import { savingFailed } from './saving.js';
import { STAGES, stageWords, vvmChip, vvmDrawing } from './vvm_words.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Page, Product, Reason, Reply } from '../types.js' */

/** @typedef {{stages?: Map<string, number>, warn?: string, fault?: string}} State stages: as they were chosen, by card */

/**
 * PURE
 *
 * @param {readonly Reason[]} all
 * @returns {Reason | undefined} the reason for what the cold chain spoiled
 */
export function heatReason(all) {
  const debit = offered(all, 'debit');
  return debit.find(({ code }) => code === 'cold_chain_failure') ?? debit.find(({ tags }) => (tags ?? []).includes('damaged'));
}

/** @param {string} code @returns {Promise<CardView[]>} as many as one operation can hold */
async function held(code) {
  return (await cardView(code)).filter((card) => card.on_hand > 0).sort(byStage).slice(0, LINES_MAX);
}

/**
 * @param {Ctx} ctx
 * @param {CardView} card
 * @returns {string} lot and place
 */
function lotWords({ t }, { lot, location }) {
  const name = lot === '' ? t('Without a lot number') : t('Lot {number}', { number: lot });
  return location === '' ? name : `${name} · ${location}`;
}

/**
 * @param {Ctx} ctx
 * @param {CardView} card
 * @param {number} i
 * @param {number | undefined} chosen
 * @returns {Html} a lot with the four stages to choose from
 */
function lotField(ctx, card, i, chosen) {
  const { t, fmt } = ctx;
  return html`<fieldset class="sheet stack-tight"><legend class="hidden-words">${lotWords(ctx, card)}</legend>
<div class="stack-tight"><p class="lot-number" aria-hidden="true">${lotWords(ctx, card)}</p><p class="row-detail">${card.lot !== '' && expiryChip(ctx, card.expiry)}<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span></p>
<p class="row-detail">${card.vvm ? html`<span>${t('Seen last:')}</span>${vvmChip(ctx, card.vvm)}` : t('Not looked at yet')}</p></div>
<input type="hidden" name="card" value="${rowKey(card)}">
<div class="vvm-choices">${STAGES.map((stage) => html`<label class="choice vvm-choice"><input type="radio" name="stage-${i}" value="${stage}"${stage === chosen && html` checked`}>
${vvmDrawing(stage)}<span><span class="strong">${stage}</span> <span class="small">${stageWords(ctx, stage)}</span></span></label>`)}</div></fieldset>`;
}

/**
 * @param {Ctx} ctx
 * @param {CardView[]} cards
 * @returns {Promise<Html | null>} which lots must not be used, each with the way to write it off
 */
async function discarded(ctx, cards) {
  const { t } = ctx;
  const past = cards.filter(pastDiscard);
  if (past.length === 0) return null;
  const reason = heatReason(await reasons());
  const may = ctx.me.rights.includes('stock.adjust') && reason !== undefined;
  const url = (/** @type {CardView} */ card) => `/app/adjust/${encodeURIComponent(card.product)}?${new URLSearchParams({
    card: rowKey(card), reason: reason?.code ?? '', quantity: String(card.on_hand) })}`;
  return notice('bad', html`<p><strong>${t('Past the discard point: do not use.')}</strong> ${t('Take it out of the fridge, mark it, and write it off. No issue proposes it any more.')}</p>
${past.map((card) => html`<p class="line"><span class="strong">${lotWords(ctx, card)}</span>${may && html`<a class="button" href="${url(card)}">${icon('remove')}${t('Write it off')}<span class="hidden-words">: ${lotWords(ctx, card)}</span></a>`}</p>`)}`);
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {State} [state]
 * @returns {Promise<Page>}
 */
async function screen(ctx, row, { stages = new Map(), warn, fault } = {}) {
  const { t } = ctx;
  const cards = await held(row.code);
  const here = `/app/vvm/${encodeURIComponent(row.code)}`;
  const saved = await operationOf(ctx.query.get('saved') ?? '');
  if (cards.length === 0) {
    return { title: row.name, back: '/app/vvm', body: empty('eye', t('None on the shelf'), t('The book shows none of it, so there is no vial to look at.')) };
  }
  const body = html`${fault && notice('bad', fault, { urgent: true })}${saved && notice('good', t('The stages are saved on this device.'))}
${await discarded(ctx, cards)}
<p class="soft">${t('Choose what the square looks like. A lot that you leave out stays as it is.')}</p>
${warn && question('vvm', warn, { name: 'sure', value: 'yes', words: t('It is right: save it') })}
<form method="post" action="${here}" id="vvm" class="stack">${cards.map((card, i) => lotField(ctx, card, i, stages.get(rowKey(card))))}</form>`;
  return { title: row.name, back: '/app/vvm', body, bar: html`<button class="button button-primary" form="vvm">${icon('check')}${t('Save the stages')}</button>` };
}

/** @param {Ctx} ctx @returns {Promise<Product | undefined>} the one of the address, where it has a monitor */
async function asked({ params }) {
  const row = await product(params.product ?? '');
  return row?.uses_vvm ? row : undefined;
}

/** @param {Ctx} ctx @returns {Reply} */
function unknown(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Check the VVM'), back: '/app/vvm', body: html`<p>${ctx.t('This is no product with a VVM on this device.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function vvmProduct(ctx) {
  const row = await asked(ctx);
  return row ? page(ctx, await screen(ctx, row)) : unknown(ctx);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function vvmSave(ctx) {
  const { t, form } = ctx;
  const row = await asked(ctx);
  if (!row) return unknown(ctx);
  const cards = await held(row.code);
  /** @type {Map<string, number>} */
  const stages = new Map();
  form.getAll('card').forEach((key, i) => {
    const stage = Number(form.get(`stage-${i}`));
    if (STAGES.includes(stage)) stages.set(key, stage);
  });
  const seen = cards.filter((card) => stages.has(rowKey(card)));
  const refused = async (/** @type {State} */ state) => invalid(ctx, await screen(ctx, row, { stages, ...state }));
  if (seen.length === 0) return refused({ fault: t('Choose the stage of one lot at least.') });
  const lighter = seen.filter((card) => (stages.get(rowKey(card)) ?? 0) < (card.vvm ?? 0));
  if (lighter.length > 0 && form.get('sure') !== 'yes') {
    return refused({ warn: t('A VVM never gets lighter, but {lots} was seen darker before. Is it right?', { lots: lighter.map((card) => lotWords(ctx, card)).join(', ') }) });
  }
  let id;
  try {
    ({ id } = await append('stock.inspect', { lines: seen.map((card) => ({ ...onCard(card), vvm: stages.get(rowKey(card)) ?? 1 })) }));
  } catch (error) {
    return refused({ fault: savingFailed(ctx, error) });
  }
  return redirect(`/app/vvm/${encodeURIComponent(row.code)}?saved=${id}`);
}

route('GET', '/app/vvm/:product', vvmProduct);
route('POST', '/app/vvm/:product', vvmSave);
