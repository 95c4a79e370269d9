/** Which screen answers which address: patterns such as "/app/count/:session", and what happens on a miss. */

import { html } from './html.js';
import { keepForm } from './kept.js';
import { notice, redirect } from './layout.js';

/** @import { Ctx, Handler, Reply } from './types.js' */

/**
 * @typedef {object} Route
 * @property {string} method
 * @property {string[]} parts
 * @property {Handler} handler
 * @property {boolean} open
 * @property {boolean} early
 */

/** @type {Route[]} */
const routes = [];

/**
 * Register a screen. Where several patterns fit an address, the one with a literal in the first place where they differ
 * is meant, not the one with a parameter, whichever was registered first.
 *
 * @param {'GET' | 'POST'} method
 * @param {string} pattern segments beginning with ":" match one segment and land in `ctx.params`, decoded
 * @param {Handler} handler
 * @param {{open?: boolean, early?: boolean}} [options] open: also answered before anyone has signed in on this
 *   device; early: also before the first pull has brought anything
 */
export function route(method, pattern, handler, { open = false, early = false } = {}) {
  routes.push({ method, parts: pattern.split('/'), handler, open, early });
  routes.sort((a, b) => (places(a) < places(b) ? -1 : places(a) > places(b) ? 1 : 0));
}

/** @param {Route} route @returns {string} a digit a segment: 0 for a literal, 1 for a parameter */
function places({ parts }) {
  return parts.map((part) => (part.startsWith(':') ? '1' : '0')).join('');
}

/** @type {(ctx: Ctx) => Reply} */
let miss = (ctx) => notice(ctx, 404, { title: ctx.t('No such page'), body: html`<p>${ctx.t('There is nothing at this address.')}</p>` });

/** @param {(ctx: Ctx) => Reply} handler what answers an address that no screen has */
export function onMiss(handler) {
  miss = handler;
}

/**
 * @param {string[]} pattern
 * @param {string[]} path
 * @returns {Record<string, string> | null}
 */
function match(pattern, path) {
  if (pattern.length !== path.length) return null;
  /** @type {Record<string, string>} */
  const params = {};
  for (let i = 0; i < pattern.length; i += 1) {
    const wanted = /** @type {string} */ (pattern[i]);
    const given = /** @type {string} */ (path[i]);
    if (wanted.startsWith(':')) {
      if (given === '') return null;
      try {
        params[wanted.slice(1)] = decodeURIComponent(given);
      } catch {
        return null;
      }
    } else if (wanted !== given) return null;
  }
  return params;
}

/**
 * Find the screen and let it answer. A screen that throws is answered by a page that says that what was
 * saved is safe; a signed-out device is sent to sign in, and one that is locked to its lock.
 *
 * @param {Ctx} ctx `params` is filled in here
 * @param {boolean} enrolled
 * @param {boolean} [ready] whether anything was pulled yet
 * @returns {Promise<Reply>}
 */
export async function answer(ctx, enrolled, ready = true) {
  const path = ctx.url.pathname.replace(/(?<=.)\/$/, '').split('/');
  let known = false;
  for (const candidate of routes) {
    const params = match(candidate.parts, path);
    if (!params) continue;
    known = true;
    if (candidate.method !== ctx.method) continue;
    if (!enrolled && !candidate.open) return redirect('/app/sign-in');
    if (!candidate.open && isOthers(ctx)) return meetLock(ctx);
    if (!ready && !candidate.open && !candidate.early) return redirect('/app/starting');
    ctx.params = params;
    try {
      return await candidate.handler(ctx);
    } catch (error) {
      console.error('screen failed', ctx.method, ctx.url.pathname, error);
      if (ctx.method === 'POST' && isRefusedStorage(error)) return notKept(ctx);
      return notice(ctx, 500, {
        title: ctx.t('Something went wrong'),
        body: html`<p>${ctx.t('This screen could not be shown. What you saved before is safe on this device.')}</p>`,
      });
    }
  }
  if (!known) return miss(ctx);
  return notice(ctx, 405, { title: ctx.t('No such page'), body: html`<p>${ctx.t('There is nothing at this address.')}</p>` });
}

/**
 * @param {Ctx} ctx
 * @returns {boolean} whether nobody may act here now, or a page that was left open sends what is someone else's
 */
function isOthers({ me, method, from }) {
  return me.locked || (method === 'POST' && from !== '' && from !== me.id);
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Reply>} what was typed is kept for its owner and goes on when they are back
 */
async function meetLock(ctx) {
  if (ctx.method === 'POST') {
    await keepForm(ctx.from, { how: 'sent', path: ctx.url.pathname, fields: [...ctx.form], forms: [] });
  }
  return redirect(ctx.me.locked ? '/app/lock' : '/app');
}

/**
 * @param {unknown} error
 * @returns {boolean} whether the browser would not write
 */
function isRefusedStorage(error) {
  const { name } = /** @type {{name?: string}} */ (error ?? {});
  return ['QuotaExceededError', 'StorageRefused', 'UnknownError', 'TransactionInactiveError', 'AbortError'].includes(name ?? '');
}

/**
 * Nothing was saved, and what was typed goes with the button that tries again.
 *
 * @param {Ctx} ctx
 * @returns {Reply}
 */
function notKept(ctx) {
  return notice(ctx, 507, {
    title: ctx.t('Nothing was saved'),
    body: html`<p role="alert">${ctx.t('This device refuses to keep more. Free some space on it, then try again: what you typed is still here.')}</p>
<form method="post" action="${ctx.url.pathname}">${[...ctx.form].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="button button-primary">${ctx.t('Try again')}</button></form>`,
  });
}
