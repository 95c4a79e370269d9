/** /app/operations: what the sync bar leads to, every operation of this device and what became of it. */

import { html } from '../html.js';
import { page, redirect } from '../layout.js';
import { operations } from '../outbox.js';
import { route } from '../router.js';
import { product, reversalsOf } from '../store.js';
import { getMeta } from '../store/meta.js';
import { attention } from '../store/records.js';
import { sync } from '../sync.js';
import { factsOf } from '../facts.js';
import { icon } from '../sprite.js';
import { arrow, chip, empty, notice } from './parts.js';
import { exceptionWords, fateOf, kindWords } from './operation_words.js';

/** @import { Html } from '../html.js' */
/** @import { AnswerException, Ctx, OutboxRecord } from '../types.js' */

const PAGE_ROWS = 50;
const PRODUCTS_SHOWN = 3;
/** After this a person wants an answer, even if it is that it still goes on. */
const PATIENCE_MS = 8000;

/** @typedef {Map<string, AnswerException[]>} Standing what still stands, by operation */

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @returns {Promise<Html>} its products and quantities
 */
async function contents(ctx, record) {
  const { t, fmt } = ctx;
  const body = JSON.parse(record.text).body;
  if (record.kind === 'device.gap') {
    return html`<span>${t('Numbers {from} to {to} could not be sent', { from: body.from, to: body.to })}</span>`;
  }
  // What a person wrote with an undoing or a decision says best what it was about.
  if (record.kind === 'stock.reverse') return html`<span>${body.reason}</span>`;
  if (record.kind === 'exception.resolve') return html`<span>${body.note}</span>`;
  const facts = factsOf(record.kind, body, record);
  const shown = await Promise.all(facts.slice(0, PRODUCTS_SHOWN).map(async ({ product: code, lot, fact }) => {
    const row = await product(code);
    const number = fact.type === 'movement' && fact.quantity > 0 ? `+${fmt.number(fact.quantity)}` : fmt.number(fact.quantity);
    return html`<span>${row?.name ?? code}${lot && html` <span class="code">${lot}</span>`}: <span class="number">${number}</span></span>`;
  }));
  const more = facts.length - shown.length;
  return html`${shown}${more > 0 && html`<span>${ctx.tn('and {n} more line', 'and {n} more lines', more, { n: fmt.number(more) })}</span>`}`;
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord} record
 * @param {Standing} standing
 * @returns {Promise<Html>}
 */
async function row(ctx, record, standing) {
  const problems = standing.get(record.id);
  const { tone, symbol, words } = fateOf(ctx, record, problems !== undefined);
  const undone = record.reverses === undefined && (await reversalsOf(record.id)).some(({ outcome, state }) => outcome !== 'held' && state !== 'set_aside');
  return html`<li id="o-${record.id}"><a class="row" href="/app/operations/${record.id}"><span class="row-words">
<span class="row-name">${kindWords(ctx, record.kind)}</span>
<span class="row-detail">${await contents(ctx, record)}</span>
<span class="row-detail"><span>${ctx.fmt.dateTime(record.occurred_at)}</span><span>${record.author}</span>${chip(tone, symbol, words)}${undone && chip('idle', 'undo', ctx.t('Undone'))}</span>
${(problems ?? []).map((problem) => html`<span class="row-detail">${icon('info')}<span>${exceptionWords(ctx, problem)}</span></span>`)}
</span>${arrow()}</a></li>`;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Html>} the state of sending, and what a person can do about it
 */
async function state(ctx) {
  const { t, tn, fmt, sync: now } = ctx;
  const [retry, persisted, offset] = await Promise.all([getMeta('retry'), getMeta('persisted'), getMeta('offset_ms')]);
  const paused = now.state === 'paused';
  const skewed = Math.abs(offset ?? 0) > 2 * 60 * 1000;
  return html`<section class="stack-tight">
<p class="strong">${now.waiting === 0 ? t('Nothing waits to be sent.')
    : tn('{n} operation waits. It is safe on this device.', '{n} operations wait. They are safe on this device.', now.waiting, { n: fmt.number(now.waiting) })}</p>
<p class="soft">${now.lastSentAt === null ? t('Nothing was sent yet.') : t('Last sent: {time}', { time: fmt.dateTime(now.lastSentAt) })}</p>
${paused && notice('warn', html`<p>${t('Sending is paused until someone signs in again. Nothing is lost.')}</p>
<p><a class="button button-primary" href="/app/sign-in">${icon('person')}${t('Sign in again')}</a></p>`)}
${!paused && retry && now.waiting > 0 && notice('info', html`<p>${retry.why === 'network' ? t('There is no connection to the server now.')
    : retry.why === 'busy' ? t('The server asked to wait a little.')
      : t('The server could not take it: {detail}', { detail: retry.detail })} ${t('It is tried again by itself.')}</p>`)}
${persisted === false && notice('warn', html`<p>${t('This browser has not promised to keep the data of this app. If the device runs out of space, what was not sent could be lost. Install the app, and send often.')}</p>`)}
${skewed && notice('warn', html`<p>${t('The clock of this device is wrong. Set the date and time.')}</p>`)}
</section>`;
}

route('GET', '/app/operations', async (ctx) => {
  const { t } = ctx;
  const before = ctx.query.get('before') ?? undefined;
  const [records, problems] = await Promise.all([operations({ limit: PAGE_ROWS + 1, before }), attention()]);
  /** @type {Standing} */
  const standing = new Map(problems.map(({ id, standing: list }) => [id, list]));
  const shown = records.slice(0, PAGE_ROWS);
  const urgent = before === undefined ? shown.filter(({ id }) => standing.has(id)) : [];
  const rest = before === undefined ? shown.filter(({ id }) => !standing.has(id)) : shown;
  const rows = (/** @type {OutboxRecord[]} */ list) => Promise.all(list.map((record) => row(ctx, record, standing)));
  const last = shown.at(-1);
  // A page that shows this asks anew when the worker tells that something was sent (page/nudge.js).
  const live = before === undefined && html` hx-get="/app/operations" hx-trigger="bincard:status from:document" hx-target="this" hx-select="#operations" hx-swap="outerHTML"`;
  const body = html`<div id="operations" class="stack"${live}>${before === undefined && await state(ctx)}
${before === undefined && html`<ul class="rows"><li><a class="row" href="/app/carry">${icon('device')}<span class="row-words"><span class="row-name">${t('Without a network')}</span><span class="row-detail">${t('Send by a file, take in what was brought')}</span></span>${arrow()}</a></li></ul>`}
${urgent.length > 0 && html`<section class="stack-tight"><h2>${t('Needs a look')}</h2><ul class="rows">${await rows(urgent)}</ul></section>`}
${rest.length > 0 && html`<section class="stack-tight"><h2>${t('What was recorded here')}</h2><ul class="rows">${await rows(rest)}</ul></section>`}
${shown.length === 0 && empty('saved', t('Nothing recorded yet'), t('Each count, receipt and issue that you save stands here, with what became of it.'))}
${records.length > PAGE_ROWS && last && html`<p><a class="button" href="/app/operations?before=${last.id}">${t('Older')}</a></p>`}
<p class="small soft">${icon('device')} ${ctx.me.deviceName} · ${ctx.me.user} · ${ctx.me.facilityName}</p></div>`;
  const canSend = ctx.sync.waiting > 0 && ctx.sync.state !== 'paused';
  return page(ctx, {
    title: t('Sent and waiting'), back: before === undefined ? '/app' : '/app/operations', body,
    bar: canSend ? html`<form method="post" action="/app/operations"><button class="button button-primary">${icon('sent')}${t('Send now')}</button></form>` : null,
  });
}, { early: true });

route('POST', '/app/operations', async () => {
  // Wait for it: the person asked, and the page that follows should tell what became of it.
  const patience = new AbortController();
  const patient = new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    patience.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  await Promise.race([sync({ now: true }), patient]);
  patience.abort();
  return redirect('/app/operations');
});
