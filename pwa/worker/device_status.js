/** What this device tells of itself with every push and pull, so that someone sees a tablet that is in trouble. */

import { clock, iso } from './clock.js';
import { build } from './precache.js';
import { getMeta } from './store/meta.js';
import { countWaiting, oldestWaiting } from './store/records.js';

/** The browser counts its files to tell how much space is left: not more than once in this time. */
const STORAGE_MS = 60 * 1000;

/** @typedef {{at: number, free: number | null, persisted: boolean | null}} Storage free: bytes */

/** @type {Storage | null} */
let known = null;

/** @returns {Promise<Storage>} */
async function storage() {
  const at = clock.now();
  if (known && Math.abs(at - known.at) < STORAGE_MS) return known;
  const manager = globalThis.navigator?.storage;
  const [estimate, persisted] = await Promise.all([
    manager?.estimate?.().catch(() => null) ?? null, manager?.persisted?.().catch(() => null) ?? null,
  ]);
  const { quota, usage } = estimate ?? {};
  known = { at, free: quota === undefined ? null : Math.max(0, quota - (usage ?? 0)), persisted };
  return known;
}

/** @returns {Promise<Record<string, string>>} a header, '' after a name whose value is not known; none if anything fails */
export async function deviceStatus() {
  try {
    return { 'Bincard-Status': await told() };
  } catch (error) {
    // It is a hint for people, and nothing must wait for it.
    console.error('what this device is like cannot be told', error);
    return {};
  }
}

/** @returns {Promise<string>} */
async function told() {
  const [waiting, oldest, offset, { free, persisted }] = await Promise.all([
    countWaiting(), oldestWaiting(), getMeta('offset_ms'), storage(),
  ]);
  const status = {
    app: build().version, waiting,
    // By the server's clock as far as it is known: this device's own may be years off.
    oldest: oldest ? iso(oldest.saved_at + (offset ?? 0)) : '',
    free: free ?? '', persisted: persisted === null ? '' : Number(persisted),
  };
  return Object.entries(status).map(([name, value]) => `${name}=${value}`).join('; ');
}
