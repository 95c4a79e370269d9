/** A small clinic on a fresh device, and its screens as function calls: `open(address)` and `send(address, fields)`. */

import { contextOf } from '../../../pwa/worker/context.js';
import { answer } from '../../../pwa/worker/router.js';
import '../../../pwa/worker/screens.js';
import { database, revision } from '../../../pwa/worker/store/database.js';
import { patchMirror } from '../../../pwa/worker/store/mirror.js';
import { enrolled, newDevice, records } from './device.js';

/** @import { Reply } from '../../../pwa/worker/types.js' */

export const RIGHTS = ['stock.count', 'stock.receive', 'stock.issue', 'stock.adjust', 'stock.unpack', 'stock.move', 'stock.reverse', 'stock.view', 'stock.inspect', 'location.set', 'recall.answer'];

const PRODUCTS = [['AMOX', 'Amoxicillin 250 mg', 'Antibiotics'], ['PARA', 'Paracetamol <500 mg>', 'Pain'], ['ZINC', 'Zinc 20 mg', 'Child health'], ['NEW', 'Quinine 300 mg', 'Malaria']];
/** product, lot, expiry, on hand: the clock stands at 22 November 2026. */
const CARDS = /** @type {[string, string, string, number][]} */ ([
  ['AMOX', 'LATE', '2028-01-31', 50], ['AMOX', 'SOON', '2026-12-31', 10], ['AMOX', 'OLD', '2026-10-31', 4], ['PARA', 'P1', '2028-06-30', 1000], ['ZINC', 'Z1', '2028-06-30', 0],
]);

/** A device at F1 with four products, five cards, a store that supplies it, and a nurse. */
export async function clinic() {
  await newDevice();
  await enrolled();
  const db = await database();
  for (const [code, name, category] of PRODUCTS) {
    await db.put('product', { code, name, category, dispensing_unit: 'tablet', pack_size: 10, programs: [], active: true, cold_chain: false, controlled: false }, code);
  }
  for (const [product, lot, expiry, on_hand] of CARDS) {
    const key = `F1|${product}|${lot}`;
    const last = [Date.parse('2026-11-01'), '0192f0aa-0000-7000-8000-00000000aaaa'];
    await db.put('card', { facility: 'F1', product, lot, location: '', account: '', on_hand, version: 1, counted: null, last }, key);
    await db.put('lot', { facility: 'F1', product, number: lot, expiry }, key);
  }
  await db.put('facility', { code: 'F1', name: 'Riverside', supplied_by: 'W1', active: true }, 'F1');
  await db.put('facility', { code: 'F2', name: 'Hilltop', supplied_by: 'W1', active: true }, 'F2');
  await db.put('facility', { code: 'W1', name: 'Regional store', supplied_by: null, active: true }, 'W1');
  await db.put('user', { name: 'ama', role: 'nurse', rights: RIGHTS }, 'ama');
  revision.pulled += 1;
  await patchMirror([], true);
}

/**
 * @param {string} address
 * @param {RequestInit} [options]
 * @returns {Promise<Reply>}
 */
async function ask(address, options) {
  const context = await contextOf(new Request(new URL(address, 'http://localhost'), options), () => {});
  if (!context) throw new Error('the form is too large');
  return answer(context.ctx, context.enrolled);
}

/** @param {string} address */
export async function open(address) {
  return ask(address);
}

/**
 * @param {string} address
 * @param {Record<string, string> | [string, string][]} fields
 */
export async function send(address, fields) {
  return ask(address, { method: 'POST', body: new URLSearchParams(fields) });
}

/**
 * @param {Reply} reply a redirect
 * @returns {string} where it leads
 */
export function leadsTo(reply) {
  if (reply.status !== 303) throw new Error(`${reply.status} instead of a redirect: ${reply.body.slice(0, 2000)}`);
  return reply.headers.Location ?? '';
}

/** @returns {Promise<{kind: string, occurred_at: string, recorded_at: string, body: any}[]>} what was saved, oldest first */
export async function saved() {
  return (await records()).map(({ text }) => JSON.parse(text));
}
