/**
 * The service worker: a small hypermedia server in the device. It answers /app from IndexedDB, online or not,
 * and the app's own files from Cache Storage. The server puts a line `self.BUILD = ...` before this one.
 */

import './worker/screens.js';
import { contextOf, words } from './worker/context.js';
import { html } from './worker/html.js';
import { build, cleanUp, file, forgetSeen, install, lastSeen } from './worker/precache.js';
import { answer } from './worker/router.js';
import { deleteDraft, putDraft, setMeta } from './worker/store/meta.js';
import { afterPost, sync } from './worker/sync.js';

/** @import { FromPage } from './worker/messages.js' */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
const METHODS = new Set(['GET', 'HEAD', 'POST']);

worker.addEventListener('install', (event) => {
  event.waitUntil(install(build()));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(cleanUp(build()).then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  const { pathname } = url;
  if (pathname === '/app' || pathname.startsWith('/app/')) event.respondWith(screen(event));
  else if (pathname === '/manage' || pathname.startsWith('/manage/')) {
    if (request.method === 'GET') event.respondWith(managersPage(request));
    else if (pathname.includes('sign-out')) event.waitUntil(forgetSeen());
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
  const context = await contextOf(request, (work) => event.waitUntil(work));
  if (!context) return new Response('This form is too large.', { status: 413 });
  const { status, headers, body } = await answer(context.ctx, context.enrolled);
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
  return lastSeen(request, (seen_at) => String(
    html`<p class="notice notice-warn" role="status">${t('No network: this page was last seen {time}.', { time: fmt.dateTime(seen_at) })}</p>`,
  ));
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
  else if (message?.type === 'draft' && typeof message.key === 'string') {
    event.waitUntil(message.value === undefined ? deleteDraft(message.key) : putDraft(message.key, message.value));
  }
});
