/** One round of syncing: send what waits, pull what changed, and tell the pages at every turn. */

import { bring } from './carrier.js';
import { words } from './context.js';
import { pull } from './feed.js';
import { holder } from './lock.js';
import { tellStatus } from './messages.js';
import { flush, waiting } from './outbox.js';
import { tellPages } from './pages.js';
import { build, installRest } from './precache.js';
import { countCarried } from './store/carried.js';
import { getMeta } from './store/meta.js';
import { finishWipe, wipeIfAsked } from './wipe.js';

/**
 * @param {{now?: boolean, pullAnyway?: boolean}} [options] now: try to send whatever was planned; pullAnyway:
 *   also where the server answered nothing new
 */
export async function sync({ now = false, pullAnyway = true } = {}) {
  if (!(await getMeta('session'))) return finishWipe();
  const said = await words();
  await tellStatus(said);
  const answered = await flush({ now });
  const brought = await bring({ now });
  if (answered || brought) await tellStatus(said);
  if (!answered && !brought && !pullAnyway) return;
  const outcome = await pull((rows, remaining) => {
    void tellPages({ type: 'progress', rows, remaining });
  });
  await tellPages({ type: 'pulled', outcome });
  // A new life of the database, found by the pull, makes operations wait again.
  await flush();
  if (await wipeIfAsked()) return;
  // Whoever was taken off this device is signed out of it.
  await holder();
  await tellStatus(said);
  if (outcome === 'done') await installRest(build());
}

/** Something may have been saved: send it now, and ask the browser to remind us when the network is back. */
export async function afterPost() {
  await sync({ pullAnyway: false });
  const { registration } = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));
  if ((await waiting()) + (await countCarried()) > 0 && 'sync' in registration) {
    const reminders = /** @type {{register(tag: string): Promise<void>}} */ (registration.sync);
    // Only a hint: not every browser has it or allows it, and a page's own hints do the same.
    await reminders.register('bincard').catch(() => {});
  }
}
