/** Someone has shown who they are: what they sent goes on, what they typed stands in its form again. */

import { html } from '../html.js';
import { goOn, keptFor, showAgain } from '../kept.js';
import { page, redirect } from '../layout.js';
import { unlock } from '../lock.js';
import { whoAmI } from '../me.js';
import { keysOf, peopleHere } from '../people.js';
import { answer } from '../router.js';
import { notice } from './parts.js';

/** @import { PersonRow } from '../store/people.js' */
/** @import { Ctx, Me, Page, Reply } from '../types.js' */

/** @returns {Promise<PersonRow[]>} people who can unlock this device with a PIN, by name */
export async function pinned() {
  return (await peopleHere()).flatMap(({ row }) => (row?.pin ? [row] : []));
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<PersonRow | undefined>} whose address it is
 */
export async function personAt({ params }) {
  return (await pinned()).find(({ id }) => id === params.person);
}

/**
 * Sign a person in, and go on where the lock came in between.
 *
 * @param {Ctx} ctx
 * @param {string} user
 * @param {ArrayBuffer} raw their key
 * @param {{lost?: boolean}} [options] lost: what was kept for them can be read no more
 * @returns {Promise<Reply>}
 */
export async function signedIn(ctx, user, raw, { lost = false } = {}) {
  await unlock(user, raw);
  const me = /** @type {Me} */ (await whoAmI());
  const row = (await pinned()).find(({ id }) => id === me.id);
  const kept = row ? await keptFor(await keysOf(row, raw)) : [];
  const typed = kept.find(({ how }) => how === 'typed');
  if (typed) showAgain(me.id, typed);
  /** @type {Reply | null} */
  let last = null;
  for (const form of kept.filter(({ how }) => how === 'sent')) {
    const url = new URL(form.path, ctx.url);
    const sent = { ...ctx, method: 'POST', url, params: {}, query: url.searchParams, form: new URLSearchParams(form.fields), me, from: me.id };
    const reply = await goOn(form, async () => answer(sent, true));
    if (reply.status === 204) continue;
    last = reply;
    if (reply.status !== 303) return { ...reply, headers: { ...reply.headers, 'HX-Push-Url': form.path } };
  }
  if (lost) return page({ ...ctx, me }, lostPage(ctx));
  return last ?? redirect(typed?.path ?? '/app');
}

/** @param {Ctx} ctx @returns {Page} */
function lostPage({ t }) {
  return {
    title: t('Signed in'),
    body: html`${notice('warn', t('Your password was changed elsewhere, and your old PIN is gone: unfinished forms that were kept for you on this device can be read no more. Everything that you had saved is safe.'))}
<p><a class="button button-primary" href="/app">${t('Go to the start page')}</a></p>`,
  };
}
