/** /app/lock: who is there, and their PIN. Locking, on demand and after rest. */

import { html } from '../html.js';
import { keepForm } from '../kept.js';
import { invalid, page, redirect } from '../layout.js';
import { lock, lockIfIdle } from '../lock.js';
import { TRIES_MAX, tryPin, waitOf } from '../people.js';
import { route } from '../router.js';
import { icon } from '../sprite.js';
import { clock } from '../clock.js';
import { languageSwitch } from './home.js';
import { arrow, fieldError } from './parts.js';
import { pinPad } from './pin_fields.js';
import { personAt, pinned, signedIn } from './signed_in.js';

/** @import { PersonRow } from '../store/people.js' */
/** @import { Ctx, Page } from '../types.js' */

route('GET', '/app/lock', async (ctx) => {
  const { t, me } = ctx;
  if (!me.locked) return redirect('/app');
  const people = await pinned();
  const body = html`<p class="soft">${t('{facility}: this device is locked. What was recorded on it is safe, and is sent.', { facility: me.facilityName })}</p>
${people.length > 0 && html`<section class="stack-tight"><h2>${t('Who are you?')}</h2>
<ul class="rows">${people.map((row) => html`<li><a class="row" href="/app/lock/${row.id}">${icon('person')}<span class="row-words"><span class="row-name">${row.user}</span></span>${arrow()}</a></li>`)}</ul></section>`}
<p><a class="button" href="/app/lock/new">${icon('plus')}${people.length > 0 ? t('Someone else') : t('Sign in with name and password')}</a></p>
<div class="line">${icon('language')}${languageSwitch(ctx)}</div>`;
  return page(ctx, { title: t('Locked'), body });
}, { open: true });

route('POST', '/app/lock', async ({ form, me }) => {
  const why = form.get('why') ?? 'asked';
  if (why === 'idle' && !me.locked && !(await lockIfIdle())) return { status: 204, headers: {}, body: '' };
  const path = form.get('path') ?? '';
  const person = form.get('person') ?? '';
  if (person !== '' && /^\/app(\/|$)/.test(path)) {
    await keepForm(person, { how: 'typed', path, fields: [], forms: JSON.parse(form.get('forms') ?? '[]') });
  }
  // A page that leaves because another one locked only brings what was typed in it.
  if (why === 'left') return { status: 204, headers: {}, body: '' };
  if (!me.locked && me.idle !== null) await lock();
  return redirect('/app/lock');
}, { open: true });

/**
 * @param {Ctx} ctx
 * @param {PersonRow} row
 * @param {string} [error]
 * @returns {Page}
 */
function padPage(ctx, row, error) {
  const { t } = ctx;
  const body = html`<form method="post" action="/app/lock/${row.id}" id="unlock" class="stack unlock" data-unkept novalidate>
<div class="field"><label class="field-label" for="pin">${t('PIN of {name}', { name: row.user })}</label>
<input class="input input-number" id="pin" name="pin" type="password" inputmode="none" autocomplete="off" maxlength="8" data-pin autofocus${error && html` aria-invalid="true" aria-describedby="pin-error"`}>
${fieldError('pin', error)}</div>
${pinPad(ctx)}
</form>
<p class="unlock"><a class="button button-quiet" href="/app/lock/${row.id}/password">${t('I have forgotten my PIN')}</a></p>`;
  return { title: row.user, back: '/app/lock', body };
}

/**
 * @param {Ctx} ctx
 * @param {number} wait ms
 * @returns {string}
 */
function waitWords({ t, tn, fmt }, wait) {
  const seconds = Math.ceil(wait / 1000);
  const how = seconds < 90 ? tn('{n} second', '{n} seconds', seconds, { n: fmt.number(seconds) })
    : tn('{n} minute', '{n} minutes', Math.ceil(seconds / 60), { n: fmt.number(Math.ceil(seconds / 60)) });
  return t('Too many wrong PINs. Wait {time}, then try again.', { time: how });
}

route('POST', '/app/lock/:person', async (ctx) => {
  const { t, tn, fmt } = ctx;
  const row = await personAt(ctx);
  if (!row) return redirect('/app/lock');
  const pin = ctx.form.get('pin') ?? '';
  if (!/^[0-9]{4,8}$/.test(pin)) return invalid(ctx, padPage(ctx, row, t('A PIN has 4 to 8 digits.')));
  const tried = await tryPin(row.user, pin);
  if ('wait' in tried) return invalid(ctx, padPage(ctx, row, waitWords(ctx, tried.wait)));
  if ('raw' in tried) return signedIn(ctx, row.user, tried.raw);
  if (tried.left === 0) return redirect(`/app/lock/${row.id}/password`);
  return invalid(ctx, padPage(ctx, row, tried.left > TRIES_MAX - 3 ? t('This is not your PIN. Try again.')
    : tn('This is not your PIN. {n} try is left, then you need your password.', 'This is not your PIN. {n} tries are left, then you need your password.', tried.left, { n: fmt.number(tried.left) })));
}, { open: true });

route('GET', '/app/lock/:person', async (ctx) => {
  const row = await personAt(ctx);
  if (!row || !ctx.me.locked) return redirect('/app/lock');
  if (row.failures >= TRIES_MAX) return redirect(`/app/lock/${row.id}/password`);
  const wait = waitOf(row, clock.now());
  return page(ctx, padPage(ctx, row, wait > 0 ? waitWords(ctx, wait) : undefined));
}, { open: true });
