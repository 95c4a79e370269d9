/** Erasing everything in one transaction, in which nothing can be recorded any more. */

import { database, revision } from './database.js';
import { patchMirror } from './mirror.js';
import { forgetPeople } from './people.js';

/** @import { Meta } from '../types.js' */

/**
 * @param {number} now ms since the epoch
 * @returns {Promise<boolean>} false, and nothing is erased, while an operation waits or was set aside, of another device too
 */
export async function eraseIfDrained(now) {
  const db = await database();
  const tx = db.transaction([...db.objectStoreNames], 'readwrite', { durability: 'strict' });
  const outbox = tx.objectStore('outbox').index('state');
  const [waiting, aside, others] = await Promise.all([
    outbox.count('waiting'), outbox.count('set_aside'), tx.objectStore('carried').index('state').count('waiting'),
  ]);
  const meta = tx.objectStore('meta');
  /** @type {[Meta['session'] | undefined, Meta['wipe'] | undefined, Meta['language'] | undefined]} */
  const [session, asked, language] = await Promise.all([meta.get('session'), meta.get('wipe'), meta.get('language')]);
  if (waiting + aside + others > 0 || !session || !asked) {
    await tx.done;
    return false;
  }
  for (const name of db.objectStoreNames) void tx.objectStore(name).clear();
  void meta.put({ at: now, token: session.token }, 'wiped');
  if (language) void meta.put(language, 'language');
  await tx.done;
  forgetPeople();
  revision.own += 1;
  await patchMirror([], true);
  return true;
}
