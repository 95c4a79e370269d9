/** The header by which a device tells of itself, on every push and pull. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { clock, iso } from '../../pwa/worker/clock.js';
import { pull } from '../../pwa/worker/feed.js';
import { append, flush } from '../../pwa/worker/outbox.js';
import { setMeta } from '../../pwa/worker/store/meta.js';
import { FakeServer, dropRequest, enrolled, newDevice, wait } from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
  // What was learned of the storage in the test before is too old to be told again.
  minutes += 10;
  wait(minutes * 60_000);
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, 'navigator');
  Reflect.deleteProperty(globalThis, 'BUILD');
});
let minutes = 0;

/** @param {object} storage */
function browser(storage) {
  Object.defineProperty(globalThis, 'navigator', { value: { storage }, configurable: true });
}

const issue = () => append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: 1 }] });
const told = () => server.requests.map(({ headers }) => headers.get('Bincard-Status'));

test('a browser that tells nothing of its storage', async () => {
  Object.assign(globalThis, { BUILD: { version: 'abc123', files: {} } });
  await pull();
  assert.deepEqual(told(), ['app=abc123; waiting=0; oldest=; free=; persisted=']);
});

test('what waits and since when, by the clock of the server; what is free; and whether it is kept', async () => {
  browser({ estimate: async () => ({ quota: 5000, usage: 1200 }), persisted: async () => true });
  await setMeta('offset_ms', -60_000);
  const first = clock.now();
  await issue();
  wait(1000);
  await issue();
  await flush();
  await pull();
  const oldest = iso(first - 60_000);
  assert.equal(told()[0], `app=none; waiting=2; oldest=${oldest}; free=3800; persisted=1`);
  assert.match(told()[1] ?? '', /^app=none; waiting=0; oldest=; free=3800; persisted=1$/);
});

test('the storage is looked at once a minute at most, and again after the clock went back', async () => {
  let asked = 0;
  browser({ estimate: async () => ({ quota: 5000, usage: (asked += 1) }), persisted: async () => false });
  for (const ms of [0, 30_000, 29_999]) {
    wait(ms);
    await pull();
  }
  assert.equal(asked, 1);
  wait(1);
  await pull();
  assert.equal(asked, 2);
  wait(-3_600_000);
  await pull();
  assert.equal(asked, 3);
  assert.match(told().at(-1) ?? '', /free=4997; persisted=0$/);
});

test('a browser that will not say, or is over its quota, does not keep anything from being sent', async () => {
  browser({ estimate: async () => { throw new TypeError('no'); }, persisted: async () => { throw new TypeError('no'); } });
  await issue();
  server.script = [dropRequest];
  await flush();
  await flush({ now: true });
  assert.equal(server.ledger.size, 1);
  assert.match(told()[0] ?? '', /free=; persisted=$/);
  wait(120_000);
  browser({ estimate: async () => ({ quota: 10, usage: 20 }), persisted: async () => false });
  await pull();
  assert.match(told().at(-1) ?? '', /free=0; persisted=0$/);
});

test('whatever goes wrong on the way to it, what waits is sent', async () => {
  browser({ estimate: () => { throw new TypeError('at once'); } });
  const { error } = console;
  console.error = () => {};
  await issue();
  await flush();
  console.error = error;
  assert.equal(server.ledger.size, 1);
  assert.equal(told()[0], null);
});
