/** /app/recalls/:id: what is called back and why, each lot as it is here, and "none found" in one tap. */

import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { appendAll } from '../outbox.js';
import { route } from '../router.js';
import { icon } from '../sprite.js';
import { arrow, chip, expiryChip, notice } from './parts.js';
import { lotName, recallAsked } from './recall_words.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { RecallLot } from '../recall.js' */
/** @import { Standing } from './recall_words.js' */

/** @param {RecallLot} lot @returns {boolean} whether it may be answered with "none found" */
function isMissing({ on_shelf, apart, answer }) {
  return on_shelf === 0 && apart === 0 && answer === null;
}

/**
 * @param {Ctx} ctx
 * @param {RecallLot} lot
 * @returns {Html} what was answered
 */
function answered({ t, fmt }, { answer }) {
  if (!answer) return html`${chip('warn', 'search', t('Not answered yet'))}`;
  const parts = [
    answer.quarantined > 0 && t('{n} in quarantine', { n: fmt.number(answer.quarantined) }), answer.returned > 0 && t('{n} returned', { n: fmt.number(answer.returned) }),
    answer.destroyed > 0 && t('{n} destroyed', { n: fmt.number(answer.destroyed) }),
  ];
  return html`${chip('good', 'check', answer.found === 0 ? t('None found') : t('{n} found', { n: fmt.number(answer.found) }))}${parts.map((one) => one && html`<span>${one}</span>`)}<span>${answer.author}, ${fmt.dateTime(answer.at)}</span>`;
}

/**
 * @param {Ctx} ctx
 * @param {Standing} standing
 * @param {RecallLot} lot
 * @returns {Html}
 */
function lotRow(ctx, { recall }, lot) {
  const { t, fmt } = ctx;
  const expiry = lot.cards.find((card) => card.expiry !== null)?.expiry;
  const may = ctx.me.rights.includes('recall.answer');
  const words = html`<span class="row-words"><span class="row-name">${lotName(ctx, lot.lot)}</span><span class="row-detail">${expiry && expiryChip(ctx, expiry)}${
    lot.on_shelf > 0 ? chip('bad', 'alert', t('On hand: {n}', { n: fmt.number(lot.on_shelf) })) : html`<span>${t('None on the book')}</span>`}${lot.apart > 0 && html`<span>${t('{n} in quarantine', { n: fmt.number(lot.apart) })}</span>`}</span>
<span class="row-detail">${answered(ctx, lot)}</span></span>`;
  return html`<li>${may ? html`<a class="row" href="/app/recalls/${recall.id}/lot?lot=${encodeURIComponent(lot.lot)}">${words}${arrow()}</a>` : html`<div class="row">${words}</div>`}</li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Standing} standing
 * @param {string} [failure]
 * @returns {Page}
 */
function screen(ctx, standing, failure) {
  const { t, tn, fmt, me } = ctx;
  const { recall, name, lots, state } = standing;
  const missing = lots.filter(isMissing);
  const told = lots.some(({ answer }) => answer !== null);
  const body = html`${failure && notice('bad', failure, { urgent: true })}${ctx.query.has('saved') && notice('good', t('The answer is saved on this device.'))}
${state === 'urgent' && notice('bad', html`<p class="strong">${t('Do not give it out. Take it off the shelf now.')}</p>`)}
<section class="sheet stack-tight"><p class="strong">${recall.reason}</p>${recall.instruction && html`<p class="as-typed">${recall.instruction}</p>`}<p class="soft small">${t('Called back on {date}', { date: fmt.date(Date.parse(recall.opened_at)) })}</p></section>
<section class="stack-tight"><h2>${recall.lots.length === 0 ? t('All lots') : t('These lots')}</h2><ul class="rows">${lots.map((lot) => lotRow(ctx, standing, lot))}</ul></section>
${missing.length > 0 && me.rights.includes('recall.answer') && html`<form method="post" action="/app/recalls/${recall.id}/none"><button class="button button-block${missing.length === lots.length && ' button-primary'}">${icon('check')}${
    missing.length === 1 ? t('None found of {lot}', { lot: lotName(ctx, missing[0]?.lot ?? '') }) : tn('None found of {n} lot', 'None found of the {n} lots that are not on the book', missing.length, { n: fmt.number(missing.length) })}</button></form>`}
${told && html`<p><a class="button" href="/app/recalls/${recall.id}/record">${icon('print')}${t('Record to print')}</a></p>`}`;
  return { title: t('Recall: {product}', { product: name }), back: '/app/problems', body };
}

/** @param {Ctx} ctx @returns {Reply} */
export function noSuchRecall(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Recalls'), back: '/app/problems', body: html`<p>${ctx.t('This recall was closed. Nothing has to be looked for any more.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function recallOne(ctx) {
  const standing = await recallAsked(ctx);
  return standing ? page(ctx, screen(ctx, standing)) : noSuchRecall(ctx);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} none found of whatever is not on the book and was not answered */
export async function recallNone(ctx) {
  const standing = await recallAsked(ctx);
  if (!standing) return noSuchRecall(ctx);
  const { recall, lots } = standing;
  const missing = lots.filter(isMissing);
  if (missing.length === 0) return redirect(`/app/recalls/${recall.id}`);
  try {
    await appendAll(missing.map(({ lot }) => ({
      kind: 'recall.answer', body: { recall: recall.id, product: recall.product, lot, found: 0, quarantined: 0, returned: 0, destroyed: 0, witness: '', note: '' },
    })));
  } catch (error) {
    return invalid(ctx, screen(ctx, standing, savingFailed(ctx, error)));
  }
  return redirect(`/app/recalls/${recall.id}?saved=1`);
}

route('GET', '/app/recalls/:id', recallOne);
route('POST', '/app/recalls/:id/none', recallNone);
