/** /app/people and /app/pin: who may use this device, one's own PIN, and when the device locks itself. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { IDLE_CHOICES, idleTime, lock, unlock } from '../lock.js';
import { TRIES_MAX, ensurePerson, peopleHere, setPin, tryPin, withoutPin } from '../people.js';
import { route } from '../router.js';
import { setMeta } from '../store.js';
import { deletePerson, personRow } from '../store/people.js';
import { icon } from '../sprite.js';
import { arrow, chip, notice } from './parts.js';
import { newPinErrors, newPinFields, pinField } from './pin_fields.js';

/** @import { PinErrors } from './pin_fields.js' */
/** @import { Ctx, Page } from '../types.js' */

const MINUTE_MS = 60_000;

/**
 * @param {Ctx} ctx
 * @param {string} [error]
 * @returns {Promise<Page>}
 */
async function peoplePage(ctx, error) {
  const { t, tn, fmt, me } = ctx;
  const [people, idle] = await Promise.all([peopleHere(), idleTime()]);
  const mine = people.find(({ user }) => user === me.user)?.row;
  const body = html`${error && notice('bad', html`<p>${error}</p>`, { urgent: true })}
<section class="stack-tight"><h2>${t('People of this device')}</h2>
<ul class="rows">${people.map(({ user, row }) => html`<li class="row">${icon('person')}<span class="row-words"><span class="row-name">${user}</span>
<span class="row-detail">${user === me.user ? chip('good', 'check', t('Signed in')) : row?.pin ? html`<span>${t('Has a PIN')}</span>` : html`<span>${t('Signs in with the password')}</span>`}</span></span></li>`)}</ul>
<p><a class="button" href="/app/lock/new">${icon('plus')}${t('Someone else signs in')}</a></p></section>
<section class="stack-tight"><h2>${t('Your PIN')}</h2>
${mine?.pin ? html`<ul class="rows"><li><a class="row" href="/app/pin">${icon('lock')}<span class="row-words"><span class="row-name">${t('Change your PIN')}</span></span>${arrow()}</a></li></ul>
<form method="post" action="/app/people/rest" class="stack-tight"><div class="field"><label class="field-label" for="minutes">${t('Lock after this much rest')}</label>
<select class="input" id="minutes" name="minutes">${IDLE_CHOICES.map((n) => html`<option value="${n}"${n * MINUTE_MS === idle && html` selected`}>${tn('{n} minute', '{n} minutes', n, { n: fmt.number(n) })}</option>`)}</select></div>
<p><button class="button">${t('Save')}</button></p></form>`
    : html`<p class="soft">${t('With a PIN nobody else can work under your name here. While you are alone on this device you may do without.')}</p>
<ul class="rows"><li><a class="row" href="/app/pin">${icon('lock')}<span class="row-words"><span class="row-name">${t('Choose a PIN')}</span></span>${arrow()}</a></li></ul>`}</section>
<section class="stack-tight"><h2>${t('Leave this device')}</h2>
<p class="soft">${t('Signing out removes your PIN and your unfinished forms from here. What you recorded stays and is sent. To come back you need your password and a connection.')}</p>
<form method="post" action="/app/people/sign-out"><button class="button button-danger">${icon('sign-out')}${t('Sign out {name}', { name: me.user })}</button></form>
<ul class="rows"><li><a class="row" href="/app/sign-in">${icon('device')}<span class="row-words"><span class="row-name">${t('Enrol this device anew')}</span><span class="row-detail">${t('For another facility, or after it was withdrawn')}</span></span>${arrow()}</a></li></ul></section>`;
  return { title: t('People and PIN'), back: '/app', body };
}

route('GET', '/app/people', async (ctx) => page(ctx, await peoplePage(ctx)));

route('POST', '/app/people/rest', async ({ form }) => {
  const minutes = Number(form.get('minutes'));
  if (IDLE_CHOICES.includes(minutes)) await setMeta('idle_ms', minutes * MINUTE_MS);
  return redirect('/app/people');
});

route('POST', '/app/people/sign-out', async (ctx) => {
  const { t, me, sync } = ctx;
  const others = (await peopleHere()).filter(({ user, row }) => user !== me.user && row?.pin);
  if (others.length === 0 && sync.waiting > 0) {
    return invalid(ctx, await peoplePage(ctx, t('You are the last one here and something still waits to be sent. Connect this device and send it first.')));
  }
  if (others.length === 0) await setMeta('closed', true);
  await lock();
  await deletePerson(me.user);
  return redirect('/app/lock');
});

/**
 * @param {Ctx} ctx
 * @param {PinErrors & {now?: string | null}} [errors]
 * @returns {Promise<Page>}
 */
async function pinPage(ctx, errors = {}) {
  const { t, me } = ctx;
  const then = ctx.form.get('then') ?? ctx.query.get('then') ?? '';
  const has = (await personRow(me.user))?.pin;
  const body = html`<p class="soft">${then === 'new' ? t('Before someone else uses this device, choose a PIN, so that nobody works under your name.')
    : t('The device asks for it when it was locked. Should you forget it, your password and a connection help.')}</p>
<form id="choose" method="post" action="/app/pin" class="stack" data-unkept novalidate><input type="hidden" name="then" value="${then}">
${has && pinField({ id: 'now', label: t('PIN until now'), error: errors.now, focus: true })}
${newPinFields(ctx, errors, { focus: !has })}
</form>`;
  return {
    title: has ? t('Change your PIN') : t('Choose a PIN'), back: '/app/people', body,
    bar: html`<button class="button button-primary" form="choose">${icon('lock')}${t('Save the PIN')}</button>`,
  };
}

route('GET', '/app/pin', async (ctx) => page(ctx, await pinPage(ctx)));

route('POST', '/app/pin', async (ctx) => {
  const { t, me, form } = ctx;
  const wrong = newPinErrors(ctx);
  if (wrong) return invalid(ctx, await pinPage(ctx, wrong));
  const row = await ensurePerson(me.user);
  /** @type {ArrayBuffer | null} */
  let raw;
  if (row.pin) {
    const tried = await tryPin(me.user, form.get('now') ?? '');
    raw = 'raw' in tried ? tried.raw : null;
    if ((await personRow(me.user))?.failures === TRIES_MAX) await lock();
  } else raw = await withoutPin(row);
  if (!raw) return invalid(ctx, await pinPage(ctx, { now: t('This is not your PIN. Try again.') }));
  await setPin(me.user, raw, form.get('pin') ?? '');
  await unlock(me.user, raw);
  return redirect(form.get('then') === 'new' ? '/app/lock/new' : '/app/people');
});
