/** What several screens of the count say: what is counted, how far it is, who did what. */

import { html } from '../html.js';
import { notice as standIn } from '../layout.js';
import { progress, shares } from './count_session.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Reply } from '../types.js' */
/** @import { Extent } from './count_scope.js' */
/** @import { Session } from './count_session.js' */

/**
 * @param {Ctx} ctx
 * @returns {Reply} for a count that this device does not have
 */
export function noSuchCount(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Count'), back: '/app/count', body: html`<p>${ctx.t('This count is not on this device.')}</p>` });
}

/**
 * @param {Ctx} ctx
 * @param {Extent & {label: string}} extent
 * @returns {string} what is counted
 */
export function scopeWords({ t }, { scope, label }) {
  return {
    all: t('Every product of the catalogue'), cards: t('What has a stock card here'), chosen: t('Chosen products'), category: label, program: label,
    shelf: label === '' ? t('On no shelf') : t('Shelf: {name}', { name: label }),
  }[scope];
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {string} the names of who counts, each with a number where there are several
 */
export function sharesWords({ fmt }, session) {
  const all = [...shares(session)];
  if (all.length === 0) return session.user;
  return all.map(([name, n]) => (all.length === 1 ? name : `${name}: ${fmt.number(n)}`)).join(' · ');
}

/**
 * How far the count is, in words and as a bar.
 *
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {Html}
 */
export function howFar(ctx, session) {
  const { t, tn, fmt } = ctx;
  const { counted, of, once, open } = progress(session);
  const words = session.two ? t('{n} of {m} counted by two', { n: fmt.number(counted), m: fmt.number(of) })
    : t('{n} of {m} counted', { n: fmt.number(counted), m: fmt.number(of) });
  return html`<div class="stack-tight"><p class="strong">${words}</p>
<progress max="${Math.max(of, 1)}" value="${counted}" aria-label="${words}">${words}</progress>
<p class="row-detail"><span>${scopeWords(ctx, session)}</span><span>${t('Counting: {names}', { names: sharesWords(ctx, session) })}</span>${
  once > 0 && html`<span>${tn('{n} waits for the second person', '{n} wait for the second person', once, { n: fmt.number(once) })}</span>`}${
  open.length > 0 && html`<span>${tn('{n} to decide', '{n} to decide', open.length, { n: fmt.number(open.length) })}</span>`}</p></div>`;
}
