/** What a device does when the world around it is wrong: proxies, clocks, cursors and texts that should not be. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { enrol } from '../../pwa/worker/enrol.js';
import { pull } from '../../pwa/worker/feed.js';
import { append, flush, status, waiting } from '../../pwa/worker/outbox.js';
import { getMeta, setMeta } from '../../pwa/worker/store/meta.js';
import { nextId, randomBytes } from '../../pwa/worker/ids.js';
import { FakeServer, START, dropRequest, enrolled, json, newDevice, records, refuse, setClock, wait } from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
});

/** @param {number} n */
async function issues(n) {
  for (let i = 1; i <= n; i += 1) await append('stock.issue', { lines: [{ product: 'P1', lot: null, quantity: i }] });
}

test('a proxy that finds everything too large costs one operation its place, not all of them, and is asked slowly', async () => {
  await issues(3);
  server.push = () => {
    if (server.requests.length > 50) throw new Error('asked without end');
    return json(413, {});
  };
  await flush();
  await flush({ now: true });
  assert.ok(server.requests.length < 10, `${server.requests.length} requests`);
  const kept = await records();
  assert.deepEqual(kept.map(({ kind, state }) => `${kind} ${state}`).sort(), [
    'device.gap waiting', 'stock.issue set_aside', 'stock.issue waiting', 'stock.issue waiting',
  ]);
  assert.ok(((await status()).retryIn ?? 0) > 0);
});

test('only our own server may say that the device is signed out or withdrawn', async () => {
  await issues(1);
  const portal = (/** @type {number} */ code) => () => new Response('<h1>Blocked by policy</h1>', { status: code });
  server.script = [portal(401), portal(403)];
  await flush();
  await flush({ now: true });
  assert.equal(await getMeta('paused'), undefined);
  server.script = [portal(403), portal(401)];
  assert.deepEqual([await pull(), await pull()], ['server', 'server']);
  assert.equal(await getMeta('paused'), undefined);
  await flush({ now: true });
  assert.equal(await waiting(), 0);
});

test('a device enrolled again at a restored server sends again what that server lost', async () => {
  await issues(3);
  await flush();
  const texts = (await records()).map(({ text }) => text);
  // The backup is older than the device: its token is not known any more.
  server.epoch = 'epoch-2';
  server.ledger = new Map();
  server.script = [refuse(401, { type: 'urn:bincard:problem:no_valid_token' })];
  await issues(1);
  await flush();
  const device = '0192f0aa-0000-7000-8000-000000000009';
  server.device = device;
  server.expected = 1;
  const ask = globalThis.fetch;
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url, /** @type {RequestInit} */ options) => (url === '/sync/enrol'
    ? json(201, { device, token: 't', facility: 'F1', epoch: 'epoch-2' }) : ask(url, options)));
  assert.deepEqual(await enrol({ user: 'ama', password: 'x', facility: 'F1', name: 'Tablet' }), { user: 'ama' });
  await flush();
  assert.equal(server.ledger.size, 4);
  assert.deepEqual([...server.ledger.values()].slice(0, 3).map(({ text }) => text), texts);
  assert.equal(await waiting(), 0);
});

test('a clock that goes back does not put the next try off by as much', async () => {
  await issues(1);
  server.script = [dropRequest];
  await flush();
  setClock(START - 365 * 86_400_000);
  assert.ok(((await status()).retryIn ?? 0) <= 300_000);
  await flush();
  assert.equal(await waiting(), 0);
});

test('a clock that jumps ahead does not make what was answered forgotten', async () => {
  await issues(1);
  await flush();
  server.ahead = -365 * 86_400_000;
  wait(365 * 86_400_000);
  await issues(1);
  await flush();
  assert.equal((await records()).length, 2);
});

test('half of a surrogate pair does not reach the wire: no server could read the batch around it', async () => {
  await append('stock.issue', { note: 'ward \ud83d', lines: [{ product: 'P1', lot: { number: '\udc00x' }, quantity: 1 }], deep: [{ '\ud800': 'k' }] });
  const [record] = await records();
  assert.doesNotMatch(record.text, /\\ud[89a-f]/);
  assert.equal(JSON.parse(record.text).body.note, 'ward \ufffd');
});

test('a cursor that the server refuses is given up and everything is pulled anew', async () => {
  server.pages = [{ changes: [], cursor: 'c1', more: false }];
  await pull();
  server.script = [refuse(400, { type: 'urn:bincard:problem:bad_cursor' })];
  server.pages = [{ changes: [], cursor: 'c2', more: false }];
  assert.equal(await pull(), 'done');
  assert.equal(await getMeta('cursor'), 'c2');
  assert.deepEqual(server.requests.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('cursor')), [null, 'c1', null]);
});

test('an update that keeps more of a row does not go on with the unfinished pull of the version before', async () => {
  server.pages = [{ changes: [], cursor: 'c1', more: false }];
  await pull();
  server.pages = [{ changes: [], cursor: 'c2', more: true }];
  server.script = [(work) => work(), dropRequest];
  await pull();
  await setMeta('feed_version', 0);
  await pull();
  const cursors = server.requests.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('cursor'));
  assert.deepEqual(cursors, [null, 'c1', 'c2', null]);
});

test('what is saved while the lock is being given back is sent by the same round', async () => {
  let held = false;
  // As browsers do it: the lock is free a moment after the work was done, and the promise is kept after that.
  const locks = {
    /** @param {string} _name @param {any} options @param {(lock: unknown) => Promise<unknown>} work */
    async request(_name, options, work = options) {
      if (held) return work(null);
      held = true;
      const result = await work({});
      await issuesOnce();
      held = false;
      return result;
    },
  };
  let saved = false;
  const issuesOnce = async () => {
    if (saved) return;
    saved = true;
    await issues(1);
    assert.equal(await flush(), false, 'the lock is still held');
  };
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  try {
    await issues(1);
    await flush();
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator');
  }
  assert.ok(saved);
  assert.equal(await waiting(), 0);
});

test('two copies of one store go on to different ids, though the clock is behind the last one', () => {
  const last = nextId(undefined, START, randomBytes());
  const [here, there] = [nextId(last, START - 1000, randomBytes()), nextId(last, START - 1000, randomBytes())];
  assert.notEqual(here, there);
  assert.ok(here > last && there > last);
});

test('a slow line does not make the device believe that its clock is wrong', async () => {
  await issues(1);
  await flush();
  assert.equal(await getMeta('offset_ms'), 0);
  await issues(1);
  // The upload takes a minute; the server answers at its end.
  server.script = [(work) => {
    wait(60_000);
    return work();
  }];
  await flush();
  assert.equal(await getMeta('offset_ms'), 0, 'still possible, so still believed');
  server.ahead = 3000;
  await issues(1);
  await flush();
  assert.equal(await getMeta('offset_ms'), 3000, 'a quick answer tells better');
});
