/** What the worker and its pages tell each other without a request: status, progress, and hints to sync. */

import { syncWords } from './layout.js';
import { status } from './outbox.js';
import { tellPages } from './pages.js';

/** @import { Ctx } from './types.js' */

/**
 * From a page: `sync` (why: load, online, foreground, timer), `update` (take over now), `persisted` (what
 * the browser said to keeping our data), `draft` (an unfinished entry; without value it is forgotten), `active`
 * (someone touched it), `hello` (what is to be kept for the worker?), `refilled` (what was kept stands in its form again).
 *
 * @typedef {{type: 'sync', why: string} | {type: 'update'} | {type: 'persisted', granted: boolean}
 *   | {type: 'active'} | {type: 'hello'} | {type: 'refilled'}
 *   | {type: 'draft', key: string, value?: unknown}} FromPage
 */

/** @param {Pick<Ctx, 't' | 'tn' | 'fmt'>} words in the language of this device */
export async function tellStatus(words) {
  const now = await status();
  await tellPages({ type: 'status', state: now.state, html: String(syncWords(words, now)), retry_in_ms: now.retryIn });
}
