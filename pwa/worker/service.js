/**
 * The service worker: a small hypermedia server in the device. It answers /app from IndexedDB, online or not,
 * and the app's own files from Cache Storage. The server puts a line `self.BUILD = ...` before the script.
 */

import { contextOf, words } from './context.js';
import { html } from './html.js';
import { refilled } from './kept.js';
import { notice } from './layout.js';
import { handleForPage, touched, workOf } from './lock.js';
import { build, cleanUp, file, forgetSeen, install, installRest, isBegun, lastSeen } from './precache.js';
import { answer } from './router.js';
import { deleteDraft, putDraft, setMeta } from './store/meta.js';
import { afterPost, sync } from './sync.js';

/** @import { FromPage } from './messages.js' */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
const METHODS = new Set(['GET', 'POST']);
const FIRST = '/first.js';

worker.addEventListener('install', (event) => {
  event.waitUntil(isBegun(build()).then(async (begun) => {
    await install(build());
    if (begun) await takeOver();
  }));
});

/**
 * The whole app follows the first half of its own version at once: what is on the screen stays, and no hand has to allow it.
 * Of a newer version it waits as any other.
 */
async function takeOver() {
  const { active } = worker.registration;
  if (active && new URL(active.scriptURL).pathname === FIRST) await worker.skipWaiting();
}

worker.addEventListener('activate', (event) => {
  event.waitUntil(cleanUp(build()).then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  const { pathname } = url;
  if (pathname === '/' && request.mode === 'navigate') event.respondWith(Response.redirect('/app', 303));
  else if (pathname === '/app' || pathname.startsWith('/app/')) event.respondWith(screen(event));
  else if (pathname === '/manage' || pathname.startsWith('/manage/')) {
    if (request.method === 'GET') {
      const answered = managersPage(request);
      event.respondWith(answered);
      // Without a network the page that is kept needs what belongs to it.
      event.waitUntil(answered.then(() => installRest(build()), () => {}));
    } else if (pathname.includes('sign-out')) event.waitUntil(forgetSeen());
  } else if (request.method === 'GET' && pathname in build().files) event.respondWith(file(pathname));
  // All else (/sync, /api, /live, ...) goes straight to the network.
});

/**
 * @param {FetchEvent} event
 * @returns {Promise<Response>}
 */
async function screen(event) {
  const { request } = event;
  if (!METHODS.has(request.method) || !fromUs(request)) {
    return new Response('This was not sent by this app.', { status: request.method === 'POST' ? 403 : 405 });
  }
  let context;
  try {
    context = await contextOf(request, (work) => event.waitUntil(work));
  } catch (error) {
    console.error('the storage cannot be opened', error);
    const { t } = await words();
    const text = t('This browser does not let Bincard open its storage. Leave private mode, or free some space, and try again.');
    return new Response(text, { status: 500, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
  }
  if (!context) return new Response('This form is too large.', { status: 413 });
  const { ctx, enrolled, ready } = context;
  const answering = answer(ctx, enrolled, ready);
  // Signing someone in waits for what others sent, so it is not among it.
  const counts = request.method === 'POST' && ctx.me.user !== '' && !/^\/app\/(lock|people)/.test(ctx.url.pathname);
  const { status, headers, body } = await (counts ? workOf(ctx.me.user, answering) : answering);
  if (request.method === 'POST') event.waitUntil(afterPost());
  // A 204 may not have a body, not even an empty one.
  return new Response(status === 204 ? null : body, { status, headers });
}

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function managersPage(request) {
  const { t, fmt } = await words();
  try {
    return await lastSeen(request, (seen_at) => String(
      html`<p class="notice notice-warn" role="status">${t('No network: this page was last seen {time}.', { time: fmt.dateTime(seen_at) })}</p>`,
    ));
  } catch (error) {
    const context = request.mode === 'navigate' ? await contextOf(request, () => {}) : null;
    if (!context) throw error;
    const { status, headers, body } = notice(context.ctx, 503, {
      title: t('No network'), body: html`<p>${t('There is no connection to the server, and this page was not seen on this device before.')}</p>`,
    });
    return new Response(body, { status, headers });
  }
}

/**
 * A form of another site can navigate here, and the worker would see it as any other: a POST must come
 * from a page of ours.
 *
 * @param {Request} request
 * @returns {boolean}
 */
function fromUs(request) {
  if (request.method !== 'POST' || request.mode === 'same-origin') return true;
  return request.referrer !== '' && new URL(request.referrer).origin === worker.location.origin;
}

worker.addEventListener('sync', (event) => {
  /** @type {ExtendableEvent} */ (event).waitUntil(sync({ now: true }));
});

worker.addEventListener('message', (event) => {
  // Only pages of this origin can reach us, so this is one of ours.
  const message = /** @type {FromPage | undefined} */ (event.data);
  if (message?.type === 'sync') event.waitUntil(sync({ now: message.why !== 'timer' }));
  else if (message?.type === 'update') event.waitUntil(worker.skipWaiting());
  else if (message?.type === 'persisted') event.waitUntil(setMeta('persisted', message.granted === true));
  else if (message?.type === 'active') event.waitUntil(touched());
  else if (message?.type === 'refilled') event.waitUntil(refilled());
  else if (message?.type === 'hello') event.source?.postMessage({ type: 'hold', handle: handleForPage() });
  else if (message?.type === 'draft' && typeof message.key === 'string') {
    event.waitUntil(message.value === undefined ? deleteDraft(message.key) : putDraft(message.key, message.value));
  }
});
