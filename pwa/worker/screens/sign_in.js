/** /app/sign-in and /app/starting: enrolling this device, and the first pull with its progress. */

import { enrol } from '../enrol.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { unlock } from '../lock.js';
import { afterPassword } from '../people.js';
import { route } from '../router.js';
import { getMeta } from '../store/meta.js';
import { personRow } from '../store/people.js';
import { sync } from '../sync.js';
import { icon } from '../sprite.js';
import { languageSwitch } from './home.js';
import { notice, textField } from './parts.js';

/** @import { Ctx, Page } from '../types.js' */
/** @import { Refusal } from '../enrol.js' */

/** @typedef {{user: string, facility: string, name: string}} Entry */

/**
 * @param {Ctx} ctx
 * @returns {string} a name to tell this device from others by
 */
function proposedName({ t }) {
  const agent = globalThis.navigator?.userAgent ?? '';
  if (/Mobile/.test(agent)) return t('Phone');
  return /Android|iPad|Tablet/.test(agent) ? t('Tablet') : t('Computer');
}

/**
 * @param {Ctx} ctx
 * @param {Refusal} refusal
 * @returns {string} what went wrong and what to do
 */
export function refusalWords({ t }, { reason, detail }) {
  /** @type {Record<string, string>} */
  const words = {
    network: t('There is no connection to the server. The first sign-in needs one; after that the app works without.'),
    server: t('The server has a problem. Try again later.'),
    wrong_credentials: t('This name and password do not go together. Check both and try again.'),
    too_many_attempts: t('Too many tries. Wait some minutes and try again.'),
    not_permitted: t('This account may not put a device at this facility. Check the facility code, or ask your administrator.'),
    unknown_facility: t('There is no facility with this code. Check the code.'),
    no_valid_token: t('The server does not know this device any more.'),
    revoked_device: t('This device was withdrawn by an administrator.'),
    demo_account: t('Demo accounts sign in only on the machine that Bincard itself runs on.'),
  };
  return words[reason] ?? (detail || t('The server did not accept this. Check every field.'));
}

/**
 * @param {Ctx} ctx
 * @param {Entry} entry what was typed before
 * @param {string} [error]
 * @returns {Promise<Page>}
 */
async function form(ctx, entry, error) {
  const { t, tn, fmt, sync: now } = ctx;
  const [paused, wiped] = await Promise.all([getMeta('paused'), getMeta('wiped')]);
  const why = paused && {
    signed_out: t('The server does not know this device any more.'),
    revoked: t('This device was withdrawn by an administrator.'),
    seq_reused: t('The data of this device seem to be a copy of another one’s.'),
  }[paused.reason];
  const body = html`${wiped && notice('info', html`<p>${t('This device was erased on {time}, as an administrator had asked. Everything recorded on it had been sent before.', { time: ctx.fmt.dateTime(wiped.at) })}</p>`)}
${!wiped && ctx.me.facility === '' && html`<div id="evicted" hidden>${notice('warn', html`<p>${t('This browser has deleted what Bincard kept on this device. What had been sent is safe on the server; anything that still waited here is lost. Sign in again, and install the app so that the browser keeps it.')}</p>`)}</div>`}
${why && notice('warn', html`<p>${why} ${t('Sign in again to go on.')}</p>`)}
${now.waiting > 0 && notice('info', html`<p>${tn('{n} operation waits on this device. It is kept and sent after you sign in.',
    '{n} operations wait on this device. They are kept and sent after you sign in.', now.waiting, { n: fmt.number(now.waiting) })}</p>`)}
${error && notice('bad', html`<p>${error}</p>`, { urgent: true })}
<form id="sign-in" method="post" action="/app/sign-in" class="stack" data-unkept>
${textField({ id: 'user', label: t('Name'), value: entry.user, length: 64, focus: entry.user === '' })}
<div class="field"><label class="field-label" for="password">${t('Password')}</label>
<input class="input" id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required></div>
${textField({ id: 'facility', label: t('Facility code'), value: entry.facility, length: 64, hint: t('The code of the place whose stock you keep, such as C4001.') })}
${textField({ id: 'name', label: t('Name of this device'), value: entry.name, length: 64, hint: t('So that others can tell it from other devices.') })}
</form>
<div class="line">${icon('language')}${languageSwitch(ctx)}</div>`;
  return {
    title: t('Sign in'), back: ctx.me.facility === '' ? undefined : '/app', body,
    bar: html`<button class="button button-primary" form="sign-in">${icon('person')}${t('Sign in')}</button>`,
  };
}

route('GET', '/app/sign-in', async (ctx) => page(ctx, await form(ctx, {
  user: ctx.me.user, facility: ctx.me.facility, name: ctx.me.deviceName || proposedName(ctx),
})), { open: true });

route('POST', '/app/sign-in', async (ctx) => {
  const [user, facility, name] = ['user', 'facility', 'name'].map((field) => (ctx.form.get(field) ?? '').trim());
  const entry = { user: user ?? '', facility: facility ?? '', name: name || proposedName(ctx) };
  const password = ctx.form.get('password') ?? '';
  if (entry.user === '' || password === '' || entry.facility === '') {
    return invalid(ctx, await form(ctx, entry, ctx.t('Fill in your name, your password and the facility code.')));
  }
  const asked = await enrol({ ...entry, password });
  if ('reason' in asked) return invalid(ctx, await form(ctx, entry, refusalWords(ctx, asked)));
  // Their key is opened with the password, now where they had a PIN here before and go on with it; else it has time.
  const pinned = (await personRow(asked.user))?.pin;
  const opening = afterPassword(asked.user, password, null);
  if (pinned) await unlock(asked.user, (await opening).raw);
  else ctx.later(opening);
  return redirect('/app/starting');
}, { open: true });

route('GET', '/app/starting', async (ctx) => {
  if ((await getMeta('cursor')) !== undefined) return redirect('/app');
  ctx.later(sync({ now: true }));
  const { t } = ctx;
  return page(ctx, {
    title: t('Getting ready'),
    body: html`<div id="pull" class="stack" data-rows="${t('{n} entries received')}" data-network="${t('The connection was lost. What came so far is kept; it goes on from there.')}"
 data-server="${t('The server has a problem. Try again later.')}" data-signed_out="${t('The server does not know this device any more.')}">
<p>${t('Products, stock cards and people of {facility} are being fetched. This is needed once.', { facility: ctx.me.facilityName })}</p>
<progress id="pull-bar" class="progress" aria-labelledby="pull-words"></progress>
<p id="pull-words" role="status">${t('Asking the server…')}</p>
<p id="pull-again" hidden><a class="button" href="/app/starting">${t('Try again')}</a></p>
</div>`,
  });
}, { early: true });
