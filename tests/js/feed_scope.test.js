/** What comes and goes by the feed: shipments, exceptions, tombstones, access; and a first pull that broke off anywhere. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { pull } from '../../pwa/worker/feed.js';
import { append, flush, status, waiting } from '../../pwa/worker/outbox.js';
import { cardsView, facilities, products, reasons } from '../../pwa/worker/store.js';
import { database } from '../../pwa/worker/store/database.js';
import { getMeta } from '../../pwa/worker/store/meta.js';
import { attention } from '../../pwa/worker/store/records.js';
import { clinic, open } from './support/clinic.js';
import { FakeServer, START, dropRequest, enrolled, newDevice, records, restarted } from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
});

/** @param {any[]} changes @param {string} cursor */
const page = (changes, cursor, more = false) => ({ changes, cursor, more });
/** @param {string} entity @param {string} key @param {object} [row] */
const change = (entity, key, row) => ({ entity, key, row: { ...row } });
/** @param {string} id @param {string} state */
const shipment = (id, state) => change('shipment', id, { id, source: 'W1', reference: '', issued_at: '2026-11-20T10:00:00.000Z', lines: [], state });
/** @param {string} entity */
const stored = async (entity) => (await (await database()).getAllKeys(entity)).map(String).sort();
/** @param {any[]} changes */
async function pulled(changes) {
  server.pages = [page(changes, `c${server.requests.length}`)];
  assert.equal(await pull(), 'done');
}

test('an expected shipment is kept until it is received or reversed', async () => {
  await pulled([shipment('s1', 'expected'), shipment('s2', 'expected'), shipment('s3', 'received')]);
  assert.deepEqual(await stored('shipment'), ['s1', 's2']);
  await pulled([shipment('s1', 'received'), shipment('s2', 'reversed')]);
  assert.deepEqual(await stored('shipment'), []);
});

test('an exception is kept while it is open or resolved, and only an open one asks for a look', async () => {
  server.decide = () => ({ outcome: 'flagged', exceptions: [{ id: 'e1', code: 'negative_stock' }] });
  const { id } = await append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  await flush();
  const states = [];
  for (const state of ['open', 'resolved', 'open', 'closed']) {
    await pulled([change('exception', 'e1', { id: 'e1', code: 'negative_stock', operation: id, state })]);
    states.push([await stored('exception'), (await status()).attention]);
  }
  assert.deepEqual(states, [[['e1'], 1], [['e1'], 0], [['e1'], 1], [[], 0]]);
});

test('a lost delivery number asks for a look until a person has decided, and no longer', async () => {
  await append('stock.issue', { note: 'poison', lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  const { push } = FakeServer.prototype;
  server.push = (text) => (text.includes('poison') ? new Response('{}', { status: 413 }) : push.call(server, text));
  server.decide = ({ kind }) => (kind === 'device.gap'
    ? { outcome: 'flagged', exceptions: [{ id: 'gap-1', code: 'device_gap' }] } : { outcome: 'applied', exceptions: [] });
  await flush();
  const all = await records();
  const gap = all.find(({ kind }) => kind === 'device.gap');
  const aside = all.find(({ state }) => state === 'set_aside');
  const both = [aside.id, gap.id].sort();
  const needed = async () => (await attention()).map(({ id }) => id).sort();
  const row = (/** @type {string} */ state) => change('exception', 'gap-1', { id: 'gap-1', code: 'device_gap', operation: gap.id, state });
  assert.deepEqual(await needed(), both);
  await pulled([row('open')]);
  assert.deepEqual(await needed(), both);
  await pulled([row('resolved')]);
  assert.deepEqual(await needed(), []);
  assert.equal((await records()).length, 2, 'the one that was set aside is kept');
});

test('what was set aside asks for a look even before its gap was heard', async () => {
  await append('stock.issue', { note: 'poison', lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  server.script = [() => new Response('{}', { status: 413 }), dropRequest];
  await flush();
  await pulled([]);
  const aside = (await records()).find(({ state }) => state === 'set_aside');
  assert.deepEqual((await attention()).map(({ id }) => id), [aside.id]);
});

test('a tombstone takes a row of master data away', async () => {
  await pulled([
    change('product', 'P1', { code: 'P1', name: 'Zinc' }), change('reason', 'LOST', { code: 'LOST', name: 'Lost', type: 'debit' }),
    change('facility', 'F2', { code: 'F2', name: 'Two' }), change('user', 'kofi', { name: 'kofi' }), change('program', 'HIV', { code: 'HIV' }),
  ]);
  const gone = [['product', 'P1'], ['reason', 'LOST'], ['facility', 'F2'], ['user', 'kofi'], ['program', 'HIV']];
  for (const [entity] of gone) assert.equal((await stored(String(entity))).length, 1);
  await pulled([...gone.map(([entity, key]) => ({ entity, key, deleted: true })), { entity: 'product', key: 'never there', deleted: true }]);
  for (const [entity] of gone) assert.deepEqual(await stored(String(entity)), []);
  assert.deepEqual([await products(), await reasons(), await facilities()], [[], [], []]);
});

/** Cards of two facilities and all else that belongs to one. */
const ROWS = [
  change('facility', 'F1', { code: 'F1', name: 'Riverside' }),
  ...['F1', 'F2'].flatMap((facility) => [
    change('card', `${facility}/1`, { facility, product: 'P1', lot: '', location: '', account: '', on_hand: 5, counted: null, last: [START - 5, 'a'] }),
    change('lot', `${facility}/P1/B`, { facility, product: 'P1', number: 'B', expiry: null }),
    change('exception', `e-${facility}`, { facility, id: `e-${facility}`, code: 'negative_stock', operation: 'x', state: 'open' }),
  ]),
  shipment('s1', 'expected'),
];

test('withdrawn access takes the rows of that facility and no other, and never an operation', async () => {
  await pulled(ROWS);
  await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 2 }] });
  await flush();
  await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 3 }] });
  const texts = (await records()).map(({ text }) => text);
  // Rows of it that come by the same pull, in whatever order, are not kept either.
  await pulled([change('access', 'F1', { facility: 'F1', granted: false }), ...ROWS.slice(1, 4)]);
  assert.deepEqual(await stored('card'), ['F2/1']);
  assert.deepEqual(await stored('lot'), ['F2/P1/B']);
  assert.deepEqual(await stored('exception'), ['e-F2']);
  assert.deepEqual(await stored('shipment'), []);
  assert.deepEqual((await records()).map(({ text }) => text), texts);
  assert.equal(await waiting(), 1);
  assert.deepEqual(await getMeta('withdrawn'), { facility: 'F1', at: START });
  await restarted();
  assert.deepEqual((await cardsView()).map(({ on_hand }) => on_hand), [-3], 'only what waits');
});

test('given again, its rows come by themselves, and nothing more is said', async () => {
  await pulled([...ROWS, change('access', 'F1', { facility: 'F1', granted: false })]);
  await pulled([change('access', 'F1', { facility: 'F1', granted: true }), ...ROWS]);
  assert.equal(await getMeta('withdrawn'), undefined);
  assert.deepEqual((await cardsView()).map(({ on_hand }) => on_hand), [5]);
});

test('of another facility it says nothing about this one', async () => {
  await pulled([...ROWS, { entity: 'access', key: 'F2', deleted: true }]);
  assert.equal(await getMeta('withdrawn'), undefined);
  assert.deepEqual([await stored('card'), await stored('shipment')], [['F1/1'], ['s1']]);
});

test('the start page says why the cards are gone, until someone signs in elsewhere', async () => {
  await clinic();
  assert.doesNotMatch((await open('/app')).body, /may not see the stock/);
  await pulled([change('facility', 'F1', { code: 'F1', name: 'Riverside' }), change('user', 'ama', { name: 'ama', rights: [] }),
    change('access', 'F1', { facility: 'F1', granted: false })]);
  const { body } = await open('/app');
  assert.match(body, /may not see the stock of Riverside[^]*what waits is still sent/);
  assert.doesNotMatch(body, /may not record stock here/, 'one reason is enough');
  await enrolled({ device: '0192f0aa-0000-7000-8000-000000000077', facility: 'F2' });
  assert.doesNotMatch((await open('/app')).body, /may not see the stock/);
});

const PAGES = 5;
/** @param {number} k */
const productPage = (k) => ({
  ...page([1, 2].map((n) => change('product', `P${k}${n}`, { code: `P${k}${n}`, name: `Product ${k}${n}` })), `c${k}`, k < PAGES), remaining: 2 * (PAGES - k),
});

for (let cut = 1; cut < PAGES; cut += 1) {
  test(`a first pull that breaks off after page ${cut} goes on at page ${cut + 1}, with its progress, and shows nothing half`, async () => {
    /** @type {any[]} */
    const told = [];
    const progress = (/** @type {number} */ rows, /** @type {number | null} */ remaining) => told.push([rows, remaining]);
    const pages = Array.from({ length: PAGES }, (_, i) => productPage(i + 1));
    server.pages = pages.slice(0, cut);
    server.script = [...Array(cut).fill((/** @type {() => Response} */ work) => work()), dropRequest];
    assert.equal(await pull(progress), 'network');
    await restarted();
    assert.deepEqual([await products(), await getMeta('pulled_at'), await getMeta('cursor')], [[], undefined, undefined]);
    server.pages = pages.slice(cut);
    assert.equal(await pull(progress), 'done');
    assert.deepEqual(server.requests.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('cursor')),
      [null, ...Array.from({ length: PAGES }, (_, i) => `c${i + 1}`).slice(0, cut), ...Array.from({ length: PAGES }, (_, i) => `c${i + 1}`).slice(cut - 1, PAGES - 1)]);
    assert.deepEqual(told, Array.from({ length: PAGES - 1 }, (_, i) => [2 * (i + 1), 2 * (PAGES - i - 1)]));
    assert.deepEqual((await products()).map(({ code }) => code), pages.flatMap(({ changes }) => changes.map(({ key }) => key)));
    assert.deepEqual(await stored('staged'), []);
  });
}
