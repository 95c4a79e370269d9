/** /app/lock/new and /app/lock/:person/password: signing in on a device that is enrolled, with the password and a new PIN. */

import { signInHere } from '../enrol.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { afterPassword, peopleHere } from '../people.js';
import { route } from '../router.js';
import { icon } from '../sprite.js';
import { fieldError, notice, textField } from './parts.js';
import { newPinErrors, newPinFields } from './pin_fields.js';
import { refusalWords } from './sign_in.js';
import { personAt, signedIn } from './signed_in.js';

/** @import { PinErrors } from './pin_fields.js' */
/** @import { Ctx, Page, Reply } from '../types.js' */

/** @typedef {PinErrors & {user?: string | null, password?: string | null, all?: string | null}} Errors */

/**
 * @param {Ctx} ctx
 * @param {string | null} known the name that signs, of someone who has forgotten their PIN
 * @param {Errors} [errors]
 * @returns {Page}
 */
function form(ctx, known, errors = {}) {
  const { t } = ctx;
  const user = known ?? (ctx.form.get('user') ?? '').trim();
  const words = known === null ? t('Sign in once with your name and password, and choose a PIN. This needs a connection to the server.')
    : t('Sign in with your password and choose a new PIN. This needs a connection to the server.');
  const body = html`<p class="soft">${words}</p>
${errors.all && notice('bad', html`<p>${errors.all}</p>`, { urgent: true })}
<form id="sign-in-here" method="post" action="${ctx.url.pathname}" class="stack" data-unkept novalidate>
${known === null && textField({ id: 'user', label: t('Name'), value: user, length: 64, focus: user === '', error: errors.user })}
<div class="field"><label class="field-label" for="password">${t('Password')}</label>
<input class="input" id="password" name="password" type="password" autocomplete="off" maxlength="200"${errors.password && html` aria-invalid="true" aria-describedby="password-error" autofocus`}>
${fieldError('password', errors.password)}</div>
${newPinFields(ctx, errors)}
</form>`;
  return {
    title: known ?? t('Sign in'), back: ctx.me.locked ? '/app/lock' : '/app/people', body,
    bar: html`<button class="button button-primary" form="sign-in-here">${icon('person')}${t('Sign in')}</button>`,
  };
}

/**
 * @param {Ctx} ctx
 * @param {string | null} known
 * @returns {Promise<Reply>}
 */
async function take(ctx, known) {
  const { t } = ctx;
  const user = known ?? (ctx.form.get('user') ?? '').trim();
  const password = ctx.form.get('password') ?? '';
  const wrong = newPinErrors(ctx);
  if (user === '') return invalid(ctx, form(ctx, known, { user: t('Enter your name.') }));
  if (password === '') return invalid(ctx, form(ctx, known, { password: t('Enter your password.') }));
  if (wrong) return invalid(ctx, form(ctx, known, wrong));
  const asked = await signInHere({ user, password });
  if ('reason' in asked) return invalid(ctx, form(ctx, known, { all: refusalWords(ctx, asked) }));
  const { raw, lost } = await afterPassword(asked.user, password, ctx.form.get('pin') ?? '');
  return signedIn(ctx, asked.user, raw, { lost });
}

/**
 * Whoever has no PIN yet must have one before someone else comes: their work is theirs.
 *
 * @param {Ctx} ctx
 * @returns {Promise<boolean>}
 */
async function mustChooseFirst({ me }) {
  return !me.locked && (await peopleHere()).some(({ user, row }) => user === me.user && !row?.pin);
}

route('GET', '/app/lock/new', async (ctx) => {
  if (ctx.me.facility === '') return redirect('/app/sign-in');
  return (await mustChooseFirst(ctx)) ? redirect('/app/pin?then=new') : page(ctx, form(ctx, null));
}, { open: true });

route('POST', '/app/lock/new', async (ctx) => ((await mustChooseFirst(ctx)) ? redirect('/app/pin?then=new') : take(ctx, null)), { open: true });

route('GET', '/app/lock/:person/password', async (ctx) => {
  const row = await personAt(ctx);
  return row ? page(ctx, form(ctx, row.user)) : redirect('/app/lock');
}, { open: true });

route('POST', '/app/lock/:person/password', async (ctx) => {
  const row = await personAt(ctx);
  return row ? take(ctx, row.user) : redirect('/app/lock');
}, { open: true });
