/** What was said of how something is: as pulled, with the device's own on top, the latest standing; purged with access. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { ENTITIES, database } from '../../pwa/worker/store/database.js';
import { integrate, stage } from '../../pwa/worker/store/staging.js';
import { answers, cardsView, feedback, identifiers, levels, locations, preference, recalls } from '../../pwa/worker/store.js';
import { START, enrolled, newDevice, wait } from './support/device.js';

const RECALL = '0192f0c1-0000-7000-8000-00000000aaaa';
const BEFORE = [START - 1000, 'a'];
const AFTER = [START + 3600_000, 'z'];
const CARD = { facility: 'F1', product: 'P1', lot: 'L1', location: '', account: '', on_hand: 9, counted: null, last: [START - 5, 'a'] };

beforeEach(async () => {
  await newDevice();
  await enrolled();
});

/** @param {[string, string, any][]} rows entity, key, row @param {object} more of the answer */
async function pulled(rows, { covers = 0 } = {}) {
  const staging = { cursor: `c${covers}`, epoch: 'epoch-1', fresh: false, rows: rows.length };
  await stage(staging, rows.map(([entity, key, row]) => ({ entity, key, row })), false);
  await integrate(staging, { covers, now: START });
}

test('a location that was set here stands over an earlier one that was pulled, and under a later one', async () => {
  await pulled([
    ['location', 'A', { code: 'A', name: 'Shelf', active: true, told: BEFORE }],
    ['location', 'B', { code: 'B', name: 'Bin', active: true, told: AFTER }],
  ]);
  await append('location.set', { code: 'A', name: 'Cupboard', active: false });
  await append('location.set', { code: 'B', name: 'Box', active: false });
  await append('location.set', { code: 'C', name: 'Frigo' });
  assert.deepEqual(await locations(), [
    { code: 'B', name: 'Bin', active: true }, { code: 'A', name: 'Cupboard', active: false }, { code: 'C', name: 'Frigo', active: true },
  ]);
});

test('of two that were set here the later stands, and what a pull contains is no longer counted as own', async () => {
  await append('product.identify', { product: 'P1', system: 'gtin', value: '00000000000017', active: true });
  wait(1000);
  await append('product.identify', { product: 'P2', system: 'gtin', value: '00000000000017', active: true });
  assert.deepEqual(await identifiers(), [{ system: 'gtin', value: '00000000000017', product: 'P2', active: true }]);
  const key = '["gtin","00000000000017"]';
  await pulled([['identifier', key, { system: 'gtin', value: '00000000000017', product: 'P3', active: true, told: BEFORE }]], { covers: 2 });
  assert.deepEqual((await identifiers()).map(({ product }) => product), ['P3']);
});

test('a preference is of one person', async () => {
  assert.equal(await preference('ama', 'favourites'), undefined);
  await pulled([['preference', '["kofi","favourites"]', { user: 'kofi', key: 'favourites', value: ['P9'], told: BEFORE }]]);
  await append('person.set', { key: 'favourites', value: ['P1', 'P2'] });
  assert.deepEqual(await preference('ama', 'favourites'), ['P1', 'P2']);
  assert.deepEqual(await preference('kofi', 'favourites'), ['P9']);
});

test('a recall comes with the answers of the facility, its own unsent ones on top, and goes when it is closed', async () => {
  const row = { id: RECALL, product: 'P1', lots: ['L1'], reason: 'r', instruction: 'i', opened_at: '2026-11-20T08:00:00.000Z', closed_at: null };
  const told = { recall: RECALL, product: 'P1', lot: 'L1', found: 3, quarantined: 3, returned: 0, destroyed: 0, witness: '', note: '', author: 'kofi' };
  await pulled([['recall', RECALL, row], ['answer', JSON.stringify([RECALL, 'P1', 'L1']), { ...told, told: BEFORE }]]);
  assert.deepEqual((await recalls()).map((one) => one.answers), [[{ ...told, at: START - 1000, own: false }]]);
  await append('recall.answer', { recall: RECALL, product: 'P1', lot: 'L1', found: 3, destroyed: 3, witness: 'Esi' });
  const [mine] = await answers();
  assert.deepEqual([mine?.destroyed, mine?.quarantined, mine?.witness, mine?.author, mine?.own], [3, 0, 'Esi', 'ama', true]);
  await pulled([['recall', RECALL, { ...row, closed_at: '2026-11-22T08:00:00.000Z' }]]);
  assert.deepEqual(await recalls(), []);
});

test('feedback is read once it was read here or elsewhere; newest first', async () => {
  const one = (/** @type {string} */ id, /** @type {string} */ at, /** @type {string | null} */ read_at) =>
    [/** @type {'feedback'} */ ('feedback'), id, { id, text: 't', author: 'mary', at, about: '', read_at }];
  const id = '0192f0c1-0000-7000-8000-00000000bbbb';
  await pulled([one(id, '2026-11-21T08:00:00.000Z', null), one('x', '2026-11-20T08:00:00.000Z', '2026-11-20T09:00:00.000Z')]);
  assert.deepEqual((await feedback()).map(({ read_at }) => read_at), [null, '2026-11-20T09:00:00.000Z']);
  await append('feedback.read', { feedback: id });
  assert.equal((await feedback())[0]?.read_at, new Date(START).toISOString());
});

test('a card shows the stage that was seen last, here or elsewhere', async () => {
  await pulled([['card', 'F1/1', { ...CARD, vvm: 1, vvm_told: BEFORE }]]);
  assert.deepEqual((await cardsView()).map(({ vvm, on_hand }) => [vvm, on_hand]), [[1, 9]]);
  await append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'P1', lot: { number: 'L1', expiry: null }, quantity: 1, vvm: 2 }] });
  assert.deepEqual((await cardsView()).map(({ vvm, on_hand }) => [vvm, on_hand]), [[2, 8]]);
  await pulled([['card', 'F1/1', { ...CARD, vvm: 4, vvm_told: AFTER }]]);
  assert.equal((await cardsView())[0]?.vvm, 4);
});

test('stock that was moved is on both cards at once', async () => {
  await pulled([['card', 'F1/1', CARD]]);
  await append('stock.move', { lines: [{ product: 'P1', lot: { number: 'L1', expiry: null }, quantity: 4, to: { location: 'A' } }] });
  assert.deepEqual((await cardsView()).map(({ location, on_hand }) => [location, on_hand]).sort(), [['', 5], ['A', 4]]);
});

test('levels are found by product', async () => {
  const level = { product: 'P1', amc: 30, months_reported: 3, minimum: 30, maximum: 90, order_point: 15, minimum_months: 100, maximum_months: 300, as_of: '2026-10' };
  await pulled([['level', 'P1', level]]);
  assert.deepEqual((await levels()).get('P1'), level);
});

test('all of it goes when access is withdrawn, but for what was said here', async () => {
  const rows = ['location', 'identifier', 'preference', 'recall', 'answer', 'feedback', 'level'];
  await pulled(rows.map((entity) => [entity, 'k', { code: 'k', told: BEFORE, closed_at: null }]));
  await append('location.set', { code: 'A', name: 'Mine' });
  await pulled([['access', 'F1', { facility: 'F1', granted: false }]]);
  for (const entity of rows) {
    assert.ok(ENTITIES.includes(entity));
    assert.equal(await (await database()).count(entity), 0, entity);
  }
  assert.deepEqual((await locations()).map(({ code }) => code), ['A']);
});
