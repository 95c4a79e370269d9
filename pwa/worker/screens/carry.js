/** /app/carry: without a network. Saving what waits to a file, taking in what was brought, and what is carried for others. */

import { TYPE } from '../carry.js';
import { ownLines, takeIn } from '../carrier.js';
import { clock, iso } from '../clock.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { icon } from '../sprite.js';
import { carriedFile, carriedFiles, removeCarried } from '../store/carried.js';
import { getMeta } from '../store/meta.js';
import { chip, notice } from './parts.js';
import { refusalWords, takenWords } from './carry_words.js';

/** @import { Html } from '../html.js' */
/** @import { CarriedFile } from '../store/carried.js' */
/** @import { Ctx, Page, Reply } from '../types.js' */

const HERE = '/app/carry';
/** After so many failures one may take a file away that still waits: a part that nobody hears would stay for ever. */
const GIVE_UP_FROM = 3;

/**
 * @param {string} device its name
 * @param {string} what
 * @param {number} at ms since the epoch
 * @returns {string} a name that every file system takes
 */
function fileName(device, what, at) {
  const plain = device.normalize('NFKD').replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  return `${[plain || 'tablet', what, iso(at).slice(0, 16).replace(/\D/g, '')].filter(Boolean).join('-')}.bincard`;
}

/** @param {readonly string[]} lines @param {string} name @returns {Reply} */
function attachment(lines, name) {
  return {
    status: 200, body: `${lines.join('\n')}\n`,
    headers: {
      'Content-Type': TYPE, 'Content-Disposition': `attachment; filename="${name}"`, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff',
    },
  };
}

/**
 * The link works by itself; the button appears where the device can pass files on (page/share.js).
 *
 * @param {Ctx} ctx
 * @param {string} url
 * @param {string} name
 * @param {string} words
 * @param {boolean} [first]
 * @returns {Html}
 */
function offer({ t }, url, name, words, first = false) {
  return html`<div class="sheet-buttons"><a class="button${first && ' button-primary'}" href="${url}" hx-boost="false">${icon('saved')}${words}</a>
<button type="button" class="button" data-share="${url}" data-name="${name}" hidden>${icon('transfer')}${t('Share it')}</button></div>`;
}

/** @param {Ctx} ctx @returns {Html} */
function saving(ctx) {
  const { t, tn, fmt, me, sync } = ctx;
  if (sync.state === 'paused') {
    return notice('warn', html`<p>${t('Sending is paused until someone signs in again. Nothing is lost.')}</p><p><a class="button button-primary" href="/app/sign-in">${icon('person')}${t('Sign in again')}</a></p>`);
  }
  if (sync.waiting === 0) return html`<p class="strong">${t('Nothing waits to be sent.')}</p><p class="soft">${t('What you record here waits until the server has answered, and can be saved to a file meanwhile.')}</p>`;
  return html`<p class="strong">${tn('{n} operation waits. It is safe on this device.', '{n} operations wait. They are safe on this device.', sync.waiting, { n: fmt.number(sync.waiting) })}</p>
<ol class="steps"><li>${t('Save what waits to a file, on a memory card or a stick, or share it.')}</li>
<li>${t('Bring the file to a tablet that has a network, or to the office.')}</li>
<li>${t('Bring the answers back and take them in below. Until then everything stays here too.')}</li></ol>
${offer(ctx, `${HERE}/file`, fileName(me.deviceName, '', clock.now()), t('Save to a file'), true)}`;
}

/** @param {Ctx} ctx @param {string | null} [error] @returns {Html} */
function taking({ t }, error) {
  return html`<form method="post" action="${HERE}" enctype="multipart/form-data" hx-boost="false" class="stack-tight">
<div class="field"><label class="field-label" for="file">${t('A file of answers, or of another tablet')}</label>
<input class="input" id="file" name="file" type="file" required${error && html` aria-invalid="true" aria-describedby="file-error" autofocus`}>
${error && html`<p class="field-error" id="file-error">${icon('alert')}<span>${error}</span></p>`}</div>
<p><button class="button">${icon('receive')}${t('Take it in')}</button></p></form>`;
}

/** @param {CarriedFile} file */
function addressOf({ device, made_at }) {
  return `${HERE}/answers/${encodeURIComponent(device)}/${encodeURIComponent(made_at)}`;
}

/** @returns {Promise<boolean>} whether what waits was not heard so often that one may give it up here */
async function mayGiveUp() {
  return ((await getMeta('carry_retry'))?.failures ?? 0) >= GIVE_UP_FROM;
}

/**
 * @param {Ctx} ctx
 * @param {CarriedFile} file
 * @param {boolean} removable although it waits
 * @returns {Html}
 */
function row(ctx, file, removable) {
  const { t, tn, fmt } = ctx;
  const state = file.state === 'waiting' ? chip('idle', 'waiting', t('Waits for a network'))
    : file.state === 'refused' ? chip('bad', 'alert', t('Refused')) : chip('good', 'sent', t('Sent: take the answers back'));
  const refused = file.parts.find(({ refusal }) => refusal)?.refusal;
  const answers = file.parts.some((part) => part.answers !== undefined);
  return html`<li class="row"><span class="row-words"><span class="row-name">${file.name || t('A tablet without a name')}</span>
<span class="row-detail"><span>${tn('{n} operation', '{n} operations', file.count, { n: fmt.number(file.count) })}</span><span>${fmt.dateTime(Date.parse(file.made_at))}</span>${state}</span>
${refused && html`<span class="row-detail">${icon('info')}<span>${refusalWords(ctx, refused)}</span></span>`}
${file.state !== 'waiting' && answers && offer(ctx, addressOf(file), fileName(file.name, 'answers', Date.parse(file.made_at)), t('Save the answers'))}
${(file.state !== 'waiting' || removable) && html`<form method="post" action="${HERE}/remove"><input type="hidden" name="device" value="${file.device}"><input type="hidden" name="made_at" value="${file.made_at}">
<button class="button button-quiet">${icon('remove')}${t('Remove from this device')}</button></form>`}</span></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {{error?: string | null}} [wrong] with the file that was given
 * @returns {Promise<Page>}
 */
async function carryPage(ctx, { error } = {}) {
  const { t } = ctx;
  const [others, removable] = await Promise.all([carriedFiles(), mayGiveUp()]);
  // Asked anew after each round of syncing (page/nudge.js), so that answers are there as soon as they can be taken back.
  const body = html`<div class="stack">${takenWords(ctx)}<section class="stack-tight"><h2>${t('Send by a file')}</h2>${saving(ctx)}</section>
<section class="stack-tight"><h2>${t('Take in a file')}</h2>${taking(ctx, error)}</section>
<section id="others" class="stack-tight" hx-get="${HERE}" hx-trigger="bincard:pulled from:document" hx-target="this" hx-select="#others" hx-swap="outerHTML">${
  others.length > 0 && html`<h2>${t('Carried for other tablets')}</h2><ul class="rows">${others.map((file) => row(ctx, file, removable))}</ul>`}</section></div>`;
  return { title: t('Without a network'), back: '/app/operations', body };
}

route('GET', HERE, async (ctx) => page(ctx, await carryPage(ctx)), { early: true });

route('GET', `${HERE}/file`, async (ctx) => {
  const lines = ctx.sync.state === 'paused' ? [] : await ownLines();
  if (lines.length === 0) return redirect(HERE);
  return attachment(lines, fileName(ctx.me.deviceName, '', clock.now()));
}, { early: true });

route('GET', `${HERE}/answers/:device/:made`, async (ctx) => {
  const file = await carriedFile(ctx.params.device ?? '', ctx.params.made ?? '');
  const lines = (file?.parts ?? []).flatMap(({ answers }) => answers ?? []);
  if (!file || lines.length === 0) {
    return standIn(ctx, 404, { title: ctx.t('No answers yet'), back: HERE, body: html`<p>${ctx.t('There are no answers to this file on this device.')}</p>` });
  }
  return attachment(lines, fileName(file.name, 'answers', Date.parse(file.made_at)));
}, { early: true });

/**
 * @param {Ctx} ctx
 * @param {string | null} text of a file; null for one that is far too large
 * @returns {Promise<Reply>}
 */
async function take(ctx, text) {
  const { t } = ctx;
  const taken = text === null ? /** @type {const} */ ({ is: 'refused', why: 'unreadable' }) : await takeIn(text);
  if (taken.is === 'refused') return invalid(ctx, await carryPage(ctx, { error: refusalWords(ctx, { code: taken.why, detail: t('The file was not taken in.') }) }));
  /** @type {Record<string, string>} */
  const said = taken.is === 'carried' ? { took: taken.fresh > 0 ? 'other' : 'known' }
    : { took: taken.copied ? 'copied' : taken.again ? 'again' : 'answers', n: String(taken.settled) };
  return redirect(`${HERE}?${new URLSearchParams(said)}`);
}

route('POST', HERE, async (ctx) => {
  if (!ctx.file || (ctx.file.name === '' && ctx.file.text === '')) return invalid(ctx, await carryPage(ctx, { error: ctx.t('Choose a file first.') }));
  return take(ctx, ctx.file.text);
}, { early: true });

route('POST', `${HERE}/remove`, async ({ form }) => {
  const file = await carriedFile(form.get('device') ?? '', form.get('made_at') ?? '');
  if (file && (file.state !== 'waiting' || (await mayGiveUp()))) await removeCarried(file.device, file.made_at);
  return redirect(HERE);
}, { early: true });
