/** What the worker and its pages tell each other without a request: status, progress, and hints to sync. */

import { syncWords } from './layout.js';
import { status } from './outbox.js';

/** @import { Ctx } from './types.js' */

/**
 * From a page: `sync` (why: load, online, foreground, timer), `update` (take over now), `persisted` (what
 * the browser said to keeping our data), `draft` (an unfinished entry; without value it is forgotten).
 *
 * @typedef {{type: 'sync', why: string} | {type: 'update'} | {type: 'persisted', granted: boolean}
 *   | {type: 'draft', key: string, value?: unknown}} FromPage
 */

/** @param {Record<string, unknown>} message to every open page of this app */
export async function tellPages(message) {
  const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
  for (const client of await scope.clients.matchAll({ type: 'window' })) client.postMessage(message);
}

/** @param {Pick<Ctx, 't' | 'tn' | 'fmt'>} words in the language of this device */
export async function tellStatus(words) {
  const now = await status();
  await tellPages({ type: 'status', state: now.state, html: String(syncWords(words, now)), retry_in_ms: now.retryIn });
}
