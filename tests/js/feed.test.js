/** The feed: pages are staged and shown together, resumed after a crash, and replaced under a new epoch. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { pull } from '../../pwa/worker/feed.js';
import { append, flush, status, waiting } from '../../pwa/worker/outbox.js';
import { cardView, cardsView, facilities, lotsOf, movements, product, products, searchProducts } from '../../pwa/worker/store.js';
import { getMeta } from '../../pwa/worker/store/meta.js';
import { FakeServer, START, dropRequest, enrolled, newDevice, records, refuse, restarted, wait } from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
});

/** @param {string} code @param {string} name @param {object} [more] */
const productRow = (code, name, more = {}) => ({ entity: 'product', key: code, row: { code, name, dispensing_unit: 'tablet', active: true, ...more } });

/** @param {string} code @param {number} on_hand @param {object} [more] */
const cardRow = (code, on_hand, more = {}) => ({
  entity: 'card', key: `F1/${code}${/** @type {any} */ (more).lot ?? ''}`,
  row: { facility: 'F1', product: code, lot: '', location: '', account: '', on_hand, counted: [START - 5000, 'a'], last: [START - 5000, 'a'], ...more },
});

/** @param {string} code @param {string} number @param {string} expiry */
const lotRow = (code, number, expiry) => ({ entity: 'lot', key: `${code}/${number}`, row: { facility: 'F1', product: code, number, expiry } });

/** @param {any[]} changes @param {string} cursor @param {boolean} [more] */
const page = (changes, cursor, more = false) => ({ changes, cursor, more });

const asked = () => server.requests.filter(({ url }) => url.startsWith('/sync/pull'))
  .map(({ url }) => new URLSearchParams(url.split('?')[1]).get('cursor'));

test('nothing is shown before the last page came, then all of it', async () => {
  /** @type {number[]} */
  const shown = [];
  server.pages = [page([productRow('P1', 'Zinc')], 'c1', true), page([productRow('P2', 'Amoxicillin')], 'c2', true), page([cardRow('P1', 5)], 'c3')];
  const fetch = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    shown.push((await products()).length);
    return fetch(...request);
  };
  /** @type {any[]} */
  const progress = [];
  assert.equal(await pull((rows, remaining) => progress.push([rows, remaining])), 'done');
  assert.deepEqual(shown, [0, 0, 0]);
  assert.deepEqual(progress, [[1, null], [2, null]]);
  assert.deepEqual((await products()).map(({ code }) => code), ['P2', 'P1']);
  assert.equal((await cardView('P1'))[0]?.on_hand, 5);
  assert.deepEqual(asked(), [null, 'c1', 'c2']);
  assert.equal(await getMeta('cursor'), 'c3');
});

test('a pull that broke off goes on behind the last page it kept, after a restart too', async () => {
  server.pages = [page([productRow('P1', 'Zinc')], 'c1', true)];
  server.script = [(work) => work(), dropRequest];
  assert.equal(await pull(), 'network');
  await restarted();
  assert.deepEqual(await products(), []);
  server.pages = [page([productRow('P2', 'Amoxicillin')], 'c2')];
  assert.equal(await pull(), 'done');
  assert.deepEqual((await products()).map(({ code }) => code), ['P2', 'P1']);
  assert.deepEqual(asked(), [null, 'c1', 'c1']);
});

test('the next pull asks from the cursor, changes and deletes rows, and the memory follows', async () => {
  server.pages = [page([productRow('P1', 'Zinc'), productRow('P2', 'ORS'), cardRow('P1', 5), cardRow('P2', 7), lotRow('P1', 'B1', '2027-04-30')], 'c1')];
  await pull();
  assert.equal((await cardsView()).length, 2);
  server.pages = [page([cardRow('P1', 9), { entity: 'card', key: 'F1/P2', deleted: true }, { entity: 'product', key: 'P2', deleted: true }, { entity: 'lot', key: 'P1/B1', deleted: true }], 'c2')];
  await pull();
  const inMemory = await cardsView();
  assert.deepEqual(inMemory.map((card) => [card.product, card.on_hand]), [['P1', 9]]);
  assert.deepEqual(await lotsOf('P1'), []);
  await restarted();
  assert.deepEqual(await cardsView(), inMemory);
  assert.deepEqual((await products()).map(({ code }) => code), ['P1']);
  assert.deepEqual(asked(), [null, 'c1']);
});

test('an entity that this version does not know is left alone', async () => {
  server.pages = [page([{ entity: 'of_a_newer_server', key: 's1', row: { id: 's1' } }, productRow('P1', 'Zinc')], 'c1')];
  assert.equal(await pull(), 'done');
  assert.equal((await products()).length, 1);
});

test('withdrawn access purges the rows of that facility and never an operation', async () => {
  server.pages = [page([cardRow('P1', 5), { entity: 'facility', key: 'F1', row: { code: 'F1', name: 'One' } }], 'c1')];
  await pull();
  await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  server.pages = [page([{ entity: 'access', key: 'F1', row: { facility: 'F1', granted: false } }], 'c2')];
  await pull();
  assert.equal((await records()).length, 1);
  assert.deepEqual((await cardsView()).map((card) => card.on_hand), [-1], 'only its own operation is left');
});

test('under a new epoch everything is replaced, and what the new life lacks is sent again', async () => {
  server.pages = [page([productRow('P1', 'Zinc'), productRow('P2', 'ORS')], 'c1')];
  await pull();
  for (const quantity of [1, 2, 3]) await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity }] });
  await flush();
  server.epoch = 'epoch-2';
  server.expected = 2;
  server.ledger = new Map([...server.ledger].slice(0, 1));
  server.pages = [page([productRow('P1', 'Zinc sulphate')], 'd1', true), page([], 'd2')];
  assert.equal(await pull(), 'done');
  assert.deepEqual((await products()).map(({ name }) => name), ['Zinc sulphate']);
  assert.equal(await waiting(), 3);
  await flush();
  assert.equal(server.ledger.size, 3);
  assert.equal(await waiting(), 0);
  server.pages = [page([], 'd3')];
  await pull();
  assert.equal((await products()).length, 1, 'the next pull is an ordinary one');
  assert.deepEqual(asked(), [null, 'c1', 'd1', 'd2']);
});

test('a crash between showing the new epoch and sending again still sends again', async () => {
  server.pages = [page([productRow('P1', 'Zinc')], 'c1')];
  await pull();
  await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  await flush();
  server.epoch = 'epoch-2';
  server.expected = 1;
  server.ledger.clear();
  server.pages = [page([productRow('P1', 'Zinc')], 'd1')];
  const db = IDBObjectStore.prototype;
  const original = db.put;
  db.put = function put(value, key) {
    if (key === 'epoch') throw new Error('the battery is flat');
    return original.call(this, value, key);
  };
  await assert.rejects(pull());
  db.put = original;
  await restarted();
  assert.equal(await waiting(), 0);
  await pull();
  assert.equal((await products()).length, 1, 'a change since then is not taken for everything');
  assert.equal(await waiting(), 1);
});

test('only one pull at a time', async () => {
  server.script = [async (work) => {
    assert.equal(await pull(), 'busy');
    return work();
  }];
  assert.equal(await pull(), 'done');
});

test('what the server refuses changes nothing; 401 and 403 pause', async () => {
  server.script = [refuse(500), refuse(401)];
  assert.equal(await pull(), 'server');
  assert.equal(await pull(), 'signed_out');
  assert.equal((await status()).state, 'paused');
  assert.equal(await pull(), 'signed_out');
  assert.equal(server.requests.length, 2);
});

test('the view folds own operations after covers onto the row, and stops when a pull contains them', async () => {
  server.pages = [page([productRow('P1', 'Zinc'), cardRow('P1', 10, { lot: 'B1' }), lotRow('P1', 'B1', '2027-04-30')], 'c1')];
  await pull();
  await append('stock.issue', { lines: [{ product: 'P1', lot: { number: 'B1', expiry: '2027-04-30' }, quantity: 4 }] });
  assert.deepEqual((await cardView('P1')).map(({ on_hand, expiry }) => [on_hand, expiry]), [[6, '2027-04-30']]);
  await flush();
  assert.equal((await cardView('P1'))[0]?.on_hand, 6, 'answered but not pulled yet');
  server.pages = [page([cardRow('P1', 6, { lot: 'B1' })], 'c2')];
  await pull();
  assert.equal((await cardView('P1'))[0]?.on_hand, 6);
  await restarted();
  assert.equal((await cardView('P1'))[0]?.on_hand, 6);
});

test('a lot first named on this device is there at once, first to expire first', async () => {
  server.pages = [page([productRow('P1', 'Zinc'), cardRow('P1', 10, { lot: 'LATE' }), lotRow('P1', 'LATE', '2029-01-31')], 'c1')];
  await pull();
  await append('stock.receive', { source: { supplier: 'CMS' }, lines: [{ product: 'P1', lot: { number: 'SOON', expiry: '2027-02-28' }, quantity: 20 }] });
  assert.deepEqual((await cardView('P1')).map(({ lot, on_hand }) => [lot, on_hand]), [['SOON', 20], ['LATE', 10]]);
  assert.deepEqual((await lotsOf('P1')).map(({ number }) => number), ['SOON', 'LATE']);
});

test('a held operation is not on the card', async () => {
  server.pages = [page([cardRow('P1', 10)], 'c1')];
  await pull();
  server.decide = () => ({ outcome: 'held', exceptions: [{ id: 'x', code: 'not_permitted' }] });
  await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 4 }] });
  assert.equal((await cardView('P1'))[0]?.on_hand, 6);
  await flush();
  assert.equal((await cardView('P1'))[0]?.on_hand, 10);
});

test('lines of one operation on one card are one sum, and movements tells them newest first', async () => {
  await append('stock.receive', { source: { donor: 'X' }, lines: [{ product: 'P1', lot: null, quantity: 4 }, { product: 'P1', lot: null, quantity: 6 }, { product: 'P2', lot: null, quantity: 1 }] });
  wait(1000);
  await append('stock.count', { session: 's', lines: [{ product: 'P1', lot: null, counted: 9 }] });
  const found = await movements('P1');
  assert.deepEqual(found.map(({ kind, lines }) => [kind, lines]), [
    ['stock.count', [{ lot: '', quantity: 9, type: 'count' }]],
    ['stock.receive', [{ lot: '', quantity: 10, type: 'movement' }]],
  ]);
  assert.equal((await cardView('P1'))[0]?.on_hand, 9);
});

test('a search finds every word whatever its case and accents, beginnings first', async () => {
  server.pages = [page([
    productRow('P3', 'Paracétamol 500 mg'), productRow('P1', 'Amoxicillin 250 mg'), productRow('P2', 'Co-paracetamol'),
    productRow('P4', 'Paracetamol (old)', { active: false }),
  ], 'c1')];
  await pull();
  assert.deepEqual((await searchProducts('PARACET', 30)).map(({ code }) => code), ['P3', 'P2']);
  assert.deepEqual((await searchProducts('mg 250', 30)).map(({ code }) => code), ['P1']);
  assert.deepEqual((await searchProducts('p2', 30)).map(({ code }) => code), ['P2']);
  assert.deepEqual((await searchProducts('  ', 2)).map(({ code }) => code), ['P1', 'P2']);
  assert.deepEqual(await searchProducts('nothing like it', 30), []);
  assert.equal((await product('P4'))?.name, 'Paracetamol (old)');
  assert.deepEqual(await facilities(), []);
});
