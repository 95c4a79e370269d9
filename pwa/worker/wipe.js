/** Erasing this device because the server asks for it: only once everything is sent, and then all of it. */

import { clock } from './clock.js';
import { tellWiped } from './enrol.js';
import { forgetKeys } from './lock.js';
import { inTurn } from './locks.js';
import { tellPages } from './pages.js';
import { forgetSeen } from './precache.js';
import { getMeta, setMeta } from './store/meta.js';
import { eraseIfDrained } from './store/wipe.js';

/** @returns {Promise<boolean>} whether this device was erased now; not while anything waits, was set aside, or is paused */
export async function wipeIfAsked() {
  if (!(await getMeta('wipe')) || (await getMeta('paused'))) return false;
  // Nothing is sent or pulled while it goes.
  const done = await inTurn('bincard-outbox', () => inTurn('bincard-feed', () => eraseIfDrained(clock.now())));
  if (!done) return false;
  forgetKeys();
  await forgetSeen();
  await tellPages({ type: 'wiped' });
  await finishWipe();
  return true;
}

/** Tell the server that it is done; without an answer the next occasion tries again. */
export async function finishWipe() {
  const wiped = await getMeta('wiped');
  if (wiped?.token !== undefined && (await tellWiped(wiped.token))) await setMeta('wiped', { at: wiped.at });
}
