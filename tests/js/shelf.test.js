/** Cards as screens see them, while what was recorded here is not pulled yet: reversals, counts of all lots, kits, a new device. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { pull } from '../../pwa/worker/feed.js';
import { append, flush, waiting } from '../../pwa/worker/outbox.js';
import { cardsView, lotsOf } from '../../pwa/worker/store.js';
import { getMeta } from '../../pwa/worker/store/meta.js';
import { enrolAs } from '../../pwa/worker/store/records.js';
import { FakeServer, START, dropAnswer, enrolled, newDevice, records, restarted, wait } from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
});

/** @param {string} lot @param {number} on_hand @param {object} [more] */
const card = (lot, on_hand, more = {}) => ({
  entity: 'card', key: `F1/${lot}`,
  row: { facility: 'F1', product: 'P1', lot, location: '', account: '', on_hand, counted: [START - 9000, 'c'], last: [START - 5000, 'm'], ...more },
});
/** @param {any[]} changes */
async function pulled(...changes) {
  server.pages = [{ changes, cursor: `c${server.requests.length}`, more: false }];
  assert.equal(await pull(), 'done');
}
/** @param {string} lot @param {number} quantity */
const line = (lot, quantity) => ({ product: 'P1', lot: { number: lot, expiry: null }, quantity });
/** @param {...ReturnType<typeof line>} lines */
const issue = (...lines) => append('stock.issue', { destination: { ward: 'W' }, lines });
/** @param {Record<string, number>} counts @param {object} [more] */
const count = (counts, more) => append('stock.count', {
  lines: Object.entries(counts).map(([lot, counted]) => ({ product: 'P1', lot: { number: lot, expiry: null }, counted })), ...more,
});
/** @param {string} operation */
const reverse = (operation) => append('stock.reverse', { operation, reason: '' });
/** What is on hand by lot; a '?' behind what is provisional. */
async function shelf() {
  const views = await cardsView();
  return Object.fromEntries(views.map(({ lot, on_hand, provisional }) => [lot, `${on_hand}${provisional ? '?' : ''}`]));
}

test('an undone operation leaves every card that it was on, whatever was heard of it since the last pull', async () => {
  await pulled(card('A', 10), card('B', 7));
  const { id } = await issue(line('A', 4), line('B', 7), line('NEW', 1));
  assert.deepEqual(await shelf(), { A: '6', B: '0', NEW: '-1' });
  await flush();
  await reverse(id);
  assert.deepEqual(await shelf(), { A: '10', B: '7' });
  assert.deepEqual((await lotsOf('P1')).map(({ number }) => number), []);
  await flush();
  await restarted();
  assert.deepEqual(await shelf(), { A: '10', B: '7' });
});

test('one that was pulled is taken back once, provisionally, however often it is undone', async () => {
  await pulled(card('A', 10), card('B', 7));
  const { id } = await issue(line('A', 4));
  await flush();
  await pulled(card('A', 6, { last: [START, id] }));
  wait(1000);
  await reverse(id);
  await reverse(id);
  assert.deepEqual(await shelf(), { A: '10?', B: '7' });
  await flush();
  await pulled(card('A', 10));
  assert.deepEqual(await shelf(), { A: '10', B: '7' });
  await reverse(id);
  assert.deepEqual(await shelf(), { A: '10', B: '7' }, 'the pull contains the first one');
});

test('what is undone and not known here leaves every pulled card in doubt until it is pulled', async () => {
  await pulled(card('A', 10), card('B', 7));
  await reverse('0192f0c1-0000-7000-8000-0000000000aa');
  await append('stock.receive', { source: { supplier: 'S' }, lines: [line('NEW', 3)] });
  assert.deepEqual(await shelf(), { A: '10?', B: '7?', NEW: '3' });
  await flush();
  await pulled();
  assert.deepEqual((await shelf()).A, '10');
});

test('to undo what is held changes nothing', async () => {
  await pulled(card('A', 10));
  server.decide = ({ kind }) => (kind === 'stock.issue' ? { outcome: 'held', exceptions: [{ id: 'x', code: 'not_permitted' }] } : { outcome: 'applied', exceptions: [] });
  const { id } = await issue(line('A', 4));
  await flush();
  await reverse(id);
  assert.deepEqual(await shelf(), { A: '10' });
});

test('to undo what was held, and pulled since, is in doubt: it may have been released', async () => {
  await pulled(card('A', 10));
  server.decide = ({ kind }) => (kind === 'stock.issue' ? { outcome: 'held', exceptions: [{ id: 'x', code: 'not_permitted' }] } : { outcome: 'applied', exceptions: [] });
  const { id } = await issue(line('A', 4));
  await flush();
  await pulled(card('A', 6));
  await reverse(id);
  assert.deepEqual(await shelf(), { A: '6?' });
});

test('a decision made here leaves the cards concerned in doubt until it is pulled, and having merely seen it none', async () => {
  await pulled(card('A', 10), card('B', 7), { ...card('Z', 4), row: { ...card('Z', 4).row, product: 'P2' } });
  const { id } = await issue(line('A', 4));
  await flush();
  /** @param {string} name @param {object} more */
  const exception = (name, more) => ({ entity: 'exception', key: name, row: { id: name, code: 'count_overlap', state: 'open', ...more } });
  await pulled(card('A', 6), exception('e1', { operation: id, action: '' }), exception('e2', { operation: 'of another device', action: '' }));
  const resolve = (/** @type {string} */ of, /** @type {string} */ action) => append('exception.resolve', { exception: of, action, note: '' });
  await resolve('e1', 'accept');
  await resolve('e2', 'expiry');
  assert.deepEqual(await shelf(), { A: '6', B: '7', Z: '4' });
  await resolve('e1', 'move');
  assert.deepEqual(await shelf(), { A: '6?', B: '7?', Z: '4' });
  await resolve('e2', 'release');
  assert.deepEqual(await shelf(), { A: '6?', B: '7?', Z: '4?' });
  await flush();
  await pulled(exception('e1', { operation: id, action: 'move', state: 'resolved' }));
  assert.deepEqual(await shelf(), { A: '6', B: '7', Z: '4' });
  await resolve('e1', 'accept');
  assert.deepEqual(await shelf(), { A: '6?', B: '7?', Z: '4' }, 'it takes back what was decided before');
});

test('a count of all lots empties those it does not name, and those first named later for an earlier moment', async () => {
  await pulled(card('A', 10), card('B', 7), card('STORE', 3, { location: 'Store' }), { ...card('Z', 4), row: { ...card('Z', 4).row, product: 'P2' } });
  await count({ A: 9 }, { all_lots: true });
  assert.deepEqual(await shelf(), { A: '9', B: '0', STORE: '3', Z: '4' });
  await append('stock.receive', { source: { supplier: 'S' }, lines: [line('OLD', 5)] }, { occurredAt: new Date(START - 1000).toISOString() });
  wait(1000);
  await append('stock.receive', { source: { supplier: 'S' }, lines: [line('B', 5)] });
  assert.deepEqual(await shelf(), { A: '9', B: '5', OLD: '0', STORE: '3', Z: '4' });
});

test('a kit leaves one card and fills others', async () => {
  await pulled(card('KIT', 2));
  await append('stock.unpack', { consumed: [line('KIT', 1)], produced: [line('A', 100), line('KIT', 3)] });
  assert.deepEqual(await shelf(), { A: '100', KIT: '4' });
});

test('of two receipts of a shipment the first stands', async () => {
  const shipment = { id: 's1', source: 'W1', reference: '', issued_at: '2026-11-20T10:00:00.000Z', state: 'expected', lines: [{ line: 0, product: 'P1', lot: 'A', expiry: null, quantity: 5, received: false }] };
  await pulled(card('A', 10), { entity: 'shipment', key: 's1', row: shipment });
  const receive = (/** @type {number} */ quantity) => append('stock.receive', { source: { facility: 'W1' }, reference: '', shipment: 's1', lines: [line('A', quantity)] });
  const { id } = await receive(5);
  await receive(6);
  assert.deepEqual(await shelf(), { A: '15' });
  await reverse(id);
  assert.deepEqual(await shelf(), { A: '16' });
});

/** @param {string} device @param {string} [epoch] */
async function signInAs(device, epoch = server.epoch) {
  server.device = device;
  server.expected = 1;
  await enrolAs({ user: 'ama', facility: 'F1', device, token: 't', device_name: 'Tablet', enrolled_at: START }, epoch);
}

test('signed in anew and not pulled yet, what was answered since the last pull is still on the card', async () => {
  await pulled(card('A', 10));
  await issue(line('A', 1));
  await flush();
  await issue(line('A', 2));
  await signInAs('0192f0aa-0000-7000-8000-000000000002');
  assert.deepEqual((await shelf()).A, '7?');
  await signInAs('0192f0aa-0000-7000-8000-000000000003');
  assert.deepEqual((await shelf()).A, '7?');
  await flush();
  await pulled(card('A', 7));
  assert.deepEqual(await shelf(), { A: '7' });
  assert.equal(await getMeta('unpulled'), undefined);
});

test('what may be in the pulled row already, because its answer was lost, is in doubt until it has one', async () => {
  await pulled(card('A', 10));
  const { id } = await issue(line('A', 4));
  server.script = [dropAnswer];
  await flush();
  await signInAs('0192f0aa-0000-7000-8000-000000000002');
  await pulled(card('A', 6, { last: [START, id] }));
  assert.deepEqual(await shelf(), { A: '6?' });
  await flush({ now: true });
  await pulled();
  assert.deepEqual(await shelf(), { A: '6' });
});

test('signed in anew at a restored server, kept operations are sent again and not counted twice meanwhile', async () => {
  await pulled(card('A', 10));
  await issue(line('A', 4));
  await flush();
  wait(60_000);
  server.epoch = 'epoch-2';
  await signInAs('0192f0aa-0000-7000-8000-000000000002', 'epoch-2');
  await pulled(card('A', 6, { last: [START + 30_000, 'of another'] }));
  assert.equal(await waiting(), 1);
  assert.deepEqual(await shelf(), { A: '6?' });
});

test('likewise what a restored server is sent again that was answered as a former device', async () => {
  await pulled(card('A', 10));
  await issue(line('A', 4));
  await flush();
  await signInAs('0192f0aa-0000-7000-8000-000000000002');
  await pulled(card('A', 6, { last: [START + 30_000, 'of another'] }));
  server.epoch = 'epoch-2';
  await pulled(card('A', 6, { last: [START + 30_000, 'of another'] }));
  assert.equal(await waiting(), 1);
  assert.deepEqual(await shelf(), { A: '6?' });
});

test('an answer of a former life, that a number was used twice, does not stop the device for ever', async () => {
  server.decide = () => ({ outcome: 'flagged', exceptions: [{ id: 'x', code: 'seq_reused' }] });
  await issue(line('A', 1));
  await flush();
  assert.equal((await getMeta('paused'))?.reason, 'seq_reused');
  server.decide = () => ({ outcome: 'applied', exceptions: [] });
  await signInAs('0192f0aa-0000-7000-8000-000000000002');
  server.epoch = 'epoch-2';
  await signInAs('0192f0aa-0000-7000-8000-000000000003', 'epoch-2');
  assert.equal(await waiting(), 1);
  await flush();
  assert.equal(await getMeta('paused'), undefined, 'the same answer again is no news');
  assert.deepEqual((await records()).map(({ state }) => state), ['answered']);
});
