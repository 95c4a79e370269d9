/** A count that rested for a week: how old it is, and whether to go on with it or to begin anew. */

import { clock } from '../clock.js';
import { html } from '../html.js';
import { redirect } from '../layout.js';
import { route } from '../router.js';
import { putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { begin, inSession, lastTouched, sessionKey, sessionOf } from './count_session.js';
import { howFar, noSuchCount } from './count_words.js';
import { notice } from './parts.js';

/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { Session } from './count_session.js' */

const DAY_MS = 86_400_000;

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {Page}
 */
export function oldPage(ctx, session) {
  const { t, tn, fmt } = ctx;
  const days = Math.floor((clock.now() - lastTouched(session)) / DAY_MS);
  const here = `/app/count/${session.id}/old`;
  const body = html`${notice('warn', html`<p class="strong">${tn('Nothing was counted here for {n} day.', 'Nothing was counted here for {n} days.', days, { n: fmt.number(days) })}</p>
<p>${t('Begun {when} by {name}.', { when: fmt.dateTime(session.started_at), name: session.user })} ${t('If you go on, what was counted then stays as it is, and the book beside the rest is that of today.')}</p>`)}
${howFar(ctx, session)}
<form method="post" action="${here}"><button class="button button-block" name="go" value="anew">${icon('update')}${t('Begin it anew, with everything to count')}</button></form>`;
  return {
    title: t('Count'), back: '/app/count', body,
    bar: html`<form method="post" action="${here}"><button class="button button-primary" name="go" value="on">${icon('count')}${t('Go on with it')}</button></form>`,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countOld(ctx) {
  return inSession(ctx, async () => {
    const session = await sessionOf(ctx);
    if (!session) return noSuchCount(ctx);
    if (session.finished_at !== null) return redirect(`/app/count/${session.id}/summary`);
    const now = clock.now();
    if (ctx.form.get('go') !== 'anew') {
      await putDraft(sessionKey(session.id), { ...session, resumed_at: now });
      return redirect(`/app/count/${session.id}`);
    }
    const { scope, name, label, blind, two, products } = session;
    const fresh = await begin(ctx, { scope, name, label, blind, two, ...(scope === 'chosen' && { products }) });
    await putDraft(sessionKey(session.id), { ...session, finished_at: now });
    return redirect(`/app/count/${fresh.id}`);
  });
}

route('POST', '/app/count/:session/old', countOld);
