/** What the tests of the count's screens share: begin one, fill a form, be another person, and a clinic with shelves and reasons. */

import { getMeta, setMeta } from '../../../pwa/worker/store.js';
import { database, revision } from '../../../pwa/worker/store/database.js';
import { patchMirror } from '../../../pwa/worker/store/mirror.js';
import { RIGHTS, clinic, leadsTo, send } from './clinic.js';

/** @param {Record<string, string>} [choice] @returns {Promise<string>} address of a new count */
export async function begun(choice = { scope: 'cards', book: 'shown' }) {
  return leadsTo(await send('/app/count', choice));
}

/**
 * @param {[string, string, string][]} rows lot, expiry, typed
 * @param {string} [go]
 * @param {[string, string][]} [more] fields
 * @returns {[string, string][]}
 */
export function entry(rows, go = 'save', more = []) {
  return [...rows.flatMap(([lot, expiry, typed]) => /** @type {[string, string][]} */ ([
    ['card', JSON.stringify([lot, '', ''])], ['expiry', expiry], ['counted', typed],
  ])), ...more, ['go', go]];
}

/** Someone else takes the tablet. @param {string} user */
export async function asUser(user) {
  const session = await getMeta('session');
  if (session) await Promise.all([setMeta('session', { ...session, user }), setMeta('people', [user])]);
}

/** The clinic with Kofi beside Ama, and the reasons that every database has. */
export async function busyClinic() {
  await clinic();
  const db = await database();
  await db.put('user', { name: 'kofi', role: 'nurse', rights: RIGHTS }, 'kofi');
  for (const [code, name, type] of [['expired', 'Expired', 'debit'], ['lost', 'Lost', 'debit'], ['found', 'Found', 'credit']]) await db.put('reason', { code, name, type, active: true }, code);
  await pulled();
}

/** What was put into the stores is seen. */
export async function pulled() {
  revision.pulled += 1;
  await patchMirror([], true);
}

/**
 * @param {string} product
 * @param {string} lot
 * @param {number} on_hand
 * @param {{location?: string, counted?: number | null, expiry?: string}} [more] counted: when, ms since the epoch
 */
export async function putCard(product, lot, on_hand, { location = '', counted = null, expiry = '2028-01-31' } = {}) {
  const db = await database();
  const key = ['F1', product, lot, ...(location === '' ? [] : [location])].join('|');
  const id = '0192f0aa-0000-7000-8000-00000000aaaa';
  await db.put('card', { facility: 'F1', product, lot, location, account: '', on_hand, version: 1, counted: counted === null ? null : [counted, id], last: [Date.parse('2026-11-01'), id] }, key);
  await db.put('lot', { facility: 'F1', product, number: lot, expiry }, `F1|${product}|${lot}`);
  await pulled();
}
