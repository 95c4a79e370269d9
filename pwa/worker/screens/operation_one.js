/** /app/operations/:id: one operation of this device, what became of it, and undoing it: what it would do, and why. */

import { clock } from '../clock.js';
import { effectsOf } from '../facts.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardsIf, cardView, facilities, operationOf, product, reversalsOf } from '../store.js';
import { attention } from '../store/records.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { hasNote } from './delivery_note.js';
import { exceptionWords, fateOf, kindWords } from './operation_words.js';
import { chip, fieldError, notice } from './parts.js';
import { savingFailed } from './saving.js';
import { obstacle } from './undo_rules.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, OutboxRecord, Page, Reply } from '../types.js' */
/** @import { Obstacle } from './undo_rules.js' */

const REASON_MAX = 200;

/**
 * PURE: a reversal that is only looked at; it counts as the last thing that happened.
 *
 * @param {OutboxRecord} record to be undone
 * @param {number} now ms since the epoch
 * @returns {OutboxRecord}
 */
export function pretended(record, now) {
  const { id, facility, device, author } = record;
  return {
    id: 'ffffffff-ffff-7fff-bfff-ffffffffffff', kind: 'stock.reverse', facility, device, author, reverses: id, products: [],
    text: JSON.stringify({ body: { operation: id, reason: '' } }), bytes: 0, saved_at: now, occurred_at: now,
    effective_at: Math.max(now, record.effective_at), corrected_at: now, state: 'waiting',
  };
}

/**
 * @param {OutboxRecord} record
 * @returns {Promise<{before: CardView, after: CardView | undefined}[]>} the cards that it is on, now and if it were undone
 */
async function changesOf(record) {
  const codes = record.products;
  const [now, then] = await Promise.all([
    Promise.all(codes.map((code) => cardView(code))), cardsIf(codes, pretended(record, clock.now())),
  ]);
  const named = new Set(effectsOf(record.kind, JSON.parse(record.text).body).map((effect) => effect.product + rowKey(effect)));
  return now.flat().map((before) => ({
    before, after: then.find((card) => card.product === before.product && rowKey(card) === rowKey(before)),
  })).filter(({ before, after }) => named.has(before.product + rowKey(before)) || (after?.on_hand ?? 0) !== before.on_hand);
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @param {Obstacle} why
 * @returns {string}
 */
function obstacleWords({ t }, record, why) {
  return {
    undone: t('This was undone.'),
    kind: t('This changed no stock, so there is nothing to undo.'),
    elsewhere: t('This was recorded for another facility.'),
    held: t('This is not in the ledger: it is held until a person decides.'),
    aside: t('This never reached the ledger, so there is nothing to undo.'),
    other: t('{name} recorded this. Ask them to undo it, or record an adjustment.', { name: record.author }),
    old: t('Only what you recorded today can be undone here. Put it right with a count or an adjustment, or ask your manager.'),
    right: t('Your account may not undo. Ask your manager.'),
  }[why];
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @returns {Promise<Html>} what it did, line by line
 */
async function lines({ t, fmt }, record) {
  const rows = await Promise.all(effectsOf(record.kind, JSON.parse(record.text).body).map(async (effect) => {
    const figure = effect.flow === 'counted' ? `= ${fmt.number(effect.quantity)}` : `${effect.quantity > 0 ? '+' : '−'}${fmt.number(Math.abs(effect.quantity))}`;
    return html`<li class="row"><span class="row-words"><span class="row-name">${(await product(effect.product))?.name ?? effect.product}</span>
<span class="row-detail">${effect.lot && html`<span>${t('Lot {number}', { number: effect.lot })}</span>`}${effect.location && html`<span>${effect.location}</span>`}</span></span><span class="row-figure number">${figure}</span></li>`;
  }));
  return rows.length === 0 ? html`` : html`<ul class="rows">${rows}</ul>`;
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @returns {Promise<string>} to or from whom, '' where nobody
 */
async function party({ t }, { text }) {
  const { source, destination } = JSON.parse(text).body;
  const other = source ?? destination;
  if (!other) return '';
  const code = other.facility ?? other.supplier ?? other.donor ?? other.ward ?? '';
  const name = (other.facility && (await facilities()).find((row) => row.code === code)?.name) || code;
  return source ? t('From {name}', { name }) : t('To {name}', { name });
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @param {{typed?: string, fault?: string, failure?: string}} [wrong]
 * @returns {Promise<Html>} the way to undo it: what changes, and the reasons as buttons
 */
async function undoing(ctx, record, { typed = '', fault, failure } = {}) {
  const { t, fmt } = ctx;
  const changes = await Promise.all((await changesOf(record)).map(async ({ before, after }) => ({
    before, after, name: (await product(before.product))?.name ?? before.product,
  })));
  const here = `/app/operations/${record.id}`;
  const reasons = [t('Entered by mistake'), t('Wrong product or lot'), t('Wrong quantity'), t('Entered twice')];
  return html`<section class="stack-tight" id="undo"><h2>${t('Undo')}</h2>${failure && notice('bad', failure, { urgent: true })}
<p>${t('Undoing takes this back as if it had never happened. Both stay in the list. The stock becomes:')}</p>
<ul class="rows">${changes.map(({ before, after, name }) => html`<li class="row"><span class="row-words"><span class="row-name">${name}</span>
<span class="row-detail">${before.lot && html`<span>${t('Lot {number}', { number: before.lot })}</span>`}${before.location && html`<span>${before.location}</span>`}${
  after?.on_hand === before.on_hand && html`<span>${t('counted or changed since: stays as it is')}</span>`}${after?.provisional && chip('info', 'clock', t('Provisional'))}</span></span>
<span class="row-figure row-becomes number">${fmt.number(before.on_hand)} <span aria-hidden="true">→</span><span class="hidden-words">${t('becomes')}</span> ${fmt.number(after?.on_hand ?? 0)}</span></li>`)}</ul>
${changes.some(({ after }) => (after?.on_hand ?? 0) < 0) && notice('warn', t('The book would fall below zero: something of it went out already. You will be asked to count it.'))}
<form method="post" action="${here}" class="stack-tight"><button class="hidden-words" tabindex="-1" aria-hidden="true"></button><p class="field-label" id="why">${t('Why? A tap on a reason undoes it.')}</p>
<div class="choices" role="group" aria-labelledby="why">${reasons.map((reason) => html`<button class="button" name="why" value="${reason}">${reason}</button>`)}</div>
<div class="field"><label class="field-label" for="reason">${t('Another reason')}</label><div class="with-button"><input class="input" id="reason" name="reason" value="${typed}" maxlength="${REASON_MAX}" autocomplete="off"${fault && html` aria-invalid="true" aria-describedby="reason-error"`}>
<button class="button" name="own" value="yes">${icon('undo')}${t('Undo')}</button></div>${fieldError('reason', fault)}</div></form></section>`;
}

/** @param {Ctx} ctx @param {OutboxRecord} record */
async function reversedBy(ctx, record) {
  const all = (await reversalsOf(record.id)).filter(({ state, outcome }) => state !== 'set_aside' && outcome !== 'held');
  const here = { user: ctx.me.user, facility: ctx.me.facility, rights: ctx.me.rights, now: clock.now(), undone: all.length > 0 };
  return { reversal: all[0], why: obstacle(record, here) };
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @param {{typed?: string, fault?: string, failure?: string}} [wrong]
 * @returns {Promise<Page>}
 */
async function screen(ctx, record, wrong) {
  const { t, fmt } = ctx;
  const standing = (await attention()).find(({ id }) => id === record.id)?.standing;
  const { tone, symbol, words } = fateOf(ctx, record, standing !== undefined);
  const { reversal, why } = await reversedBy(ctx, record);
  const body = JSON.parse(record.text).body;
  const said = [await party(ctx, record), body.reference, body.reason, body.note].filter((one) => typeof one === 'string' && one !== '');
  const target = record.reverses !== undefined && (await operationOf(record.reverses));
  const content = html`${reversal && notice('good', html`<p><strong>${t('This was undone.')}</strong></p><p>${reversal.author} · ${fmt.dateTime(reversal.occurred_at)}${
    JSON.parse(reversal.text).body.reason && ` · ${JSON.parse(reversal.text).body.reason}`}</p>`)}
<p class="soft">${record.author} · ${fmt.dateTime(record.occurred_at)}${said.map((one) => ` · ${one}`)}</p><p class="line">${chip(tone, symbol, words)}</p>
${(standing ?? []).map((one) => notice('warn', exceptionWords(ctx, one)))}
${target && html`<p><a class="button" href="/app/operations/${target.id}">${t('What was undone: {what}', { what: kindWords(ctx, target.kind) })}</a></p>`}
${await lines(ctx, record)}
${hasNote(record) && html`<p><a class="button" href="/app/note/${record.id}">${icon('print')}${t('Delivery note')}</a></p>`}
${why === null ? await undoing(ctx, record, wrong) : why !== 'undone' && notice('info', obstacleWords(ctx, record, why))}`;
  return { title: kindWords(ctx, record.kind), back: '/app/operations', body: content };
}

/** @param {Ctx} ctx @returns {Reply} */
function gone(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Sent and waiting'), back: '/app/operations', body: html`<p>${ctx.t('This was not recorded on this device, or it is older than 90 days.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function operationOne(ctx) {
  const record = await operationOf(ctx.params.id ?? '');
  return record ? page(ctx, await screen(ctx, record)) : gone(ctx);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function undo(ctx) {
  const { t, form } = ctx;
  const record = await operationOf(ctx.params.id ?? '');
  if (!record) return gone(ctx);
  const typed = (form.get('reason') ?? '').trim().slice(0, REASON_MAX);
  const reason = form.get('why') ?? typed;
  const { why } = await reversedBy(ctx, record);
  // Undone in another tab meanwhile, or past midnight: the screen says so.
  if (why !== null) return redirect(`/app/operations/${record.id}`);
  if (reason === '') return invalid(ctx, await screen(ctx, record, { typed, fault: t('Say in a word why, or tap a reason.') }));
  try {
    await append('stock.reverse', { operation: record.id, reason });
  } catch (error) {
    return invalid(ctx, await screen(ctx, record, { typed, failure: savingFailed(ctx, error) }));
  }
  return redirect(`/app/operations/${record.id}`);
}

route('GET', '/app/operations/:id', operationOne, { early: true });
route('POST', '/app/operations/:id', undo);
