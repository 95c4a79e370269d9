/** The outbox: what is saved is durable, is sent byte for byte, and waits until its own answer came back. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { StorageRefused, TooLarge, append, flush, operations, status, waiting } from '../../pwa/worker/outbox.js';
import { getDraft, getMeta, putDraft, setMeta } from '../../pwa/worker/store/meta.js';
import { database } from '../../pwa/worker/store/database.js';
import {
  DEVICE, FakeServer, START, dropAnswer, dropRequest, enrolled, json, newDevice, records, refuse, restarted, setClock, wait,
} from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
});

/** @param {number} [quantity] */
const issue = (quantity = 1) => append('stock.issue', {
  destination: { ward: 'Ward 1' }, lines: [{ product: 'P1', lot: null, quantity }],
});

/** @param {number} n */
async function issues(n) {
  for (let i = 1; i <= n; i += 1) await issue(i);
}

/** What must be true whatever happened on the way. @param {number} saved */
async function allAnsweredOnce(saved) {
  assert.equal(await waiting(), 0);
  const kept = await records();
  assert.equal(kept.length, saved);
  assert.deepEqual(server.applied.map(({ id }) => id), kept.map(({ id }) => id));
  for (const { id, text, state, outcome } of kept) {
    assert.deepEqual([state, outcome], ['answered', 'applied']);
    assert.equal(server.ledger.get(id)?.text, text);
  }
}

test('an operation is on the disk before append resolves, with the next number and the pulled cursor', async () => {
  await setMeta('cursor', 'cursor-7');
  await setMeta('offset_ms', -120);
  const { id, seq } = await issue(20);
  await restarted();
  const [kept] = await records();
  assert.equal(seq, 1);
  assert.deepEqual(JSON.parse(kept.text), {
    id, kind: 'stock.issue', version: 2, facility: 'F1', author: 'ama', recorded_at: '2026-11-22T09:00:00.000Z',
    occurred_at: '2026-11-22T09:00:00.000Z', offset_ms: -120, seen: 'cursor-7',
    body: { destination: { ward: 'Ward 1' }, lines: [{ product: 'P1', lot: null, quantity: 20 }] },
  });
  assert.deepEqual([kept.state, kept.device, kept.products, kept.effective_at], ['waiting', DEVICE, ['P1'], START - 120]);
});

test('it is written with strict durability', async () => {
  const asked = /** @type {any[]} */ ([]);
  const db = await database();
  const { prototype } = IDBDatabase;
  const original = prototype.transaction;
  prototype.transaction = function (stores, mode, options) {
    asked.push([mode, options?.durability]);
    return original.call(this, stores, mode, options);
  };
  try {
    await issue();
  } finally {
    prototype.transaction = original;
  }
  assert.ok(db);
  assert.deepEqual(asked, [['readwrite', 'strict']]);
});

test('numbers are gapless and ids grow, also when the clock goes back', async () => {
  await issue();
  setClock(START - 3_600_000);
  await issue();
  await restarted();
  setClock(START - 7_200_000);
  await issue();
  const kept = await records();
  assert.deepEqual(kept.map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(kept.map(({ id }) => id), kept.map(({ id }) => id).sort());
  assert.equal(new Set(kept.map(({ id }) => id)).size, 3);
});

test('many appends at once all get a number of their own', async () => {
  const made = await Promise.all(Array.from({ length: 40 }, (_, i) => issue(i + 1)));
  assert.deepEqual(made.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: 40 }, (_, i) => i + 1));
});

test('the drafts that an operation settles are written with it, or not at all', async () => {
  await putDraft('receive', { lines: 3 });
  await append('stock.receive', { lines: [] }, { drafts: { receive: undefined, session: { counted: 1 } } });
  assert.equal(await getDraft('receive'), undefined);
  assert.deepEqual(await getDraft('session'), { counted: 1 });
  await assert.rejects(append('stock.receive', { lines: [] }, { drafts: { session: () => 'cannot be cloned' } }), StorageRefused);
  assert.deepEqual(await getDraft('session'), { counted: 1 });
  assert.equal((await records()).length, 1);
});

test('what is over 200 lines or 64 KiB is refused and nothing is kept', async () => {
  const line = { product: 'P1', lot: null, quantity: 1 };
  await assert.rejects(append('stock.issue', { lines: Array(201).fill(line) }), TooLarge);
  await assert.rejects(append('stock.issue', { note: 'é'.repeat(33_000), lines: [line] }), TooLarge);
  assert.deepEqual(await records(), []);
  assert.equal((await append('stock.issue', { lines: Array(200).fill(line) })).seq, 1);
});

test('a browser that does not keep it says so, and the number is not used up', async () => {
  const { prototype } = IDBObjectStore;
  const original = prototype.add;
  prototype.add = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  try {
    await assert.rejects(issue(), StorageRefused);
  } finally {
    prototype.add = original;
  }
  assert.equal((await issue()).seq, 1);
});

test('a flush sends the texts byte for byte, gzipped, with the token, and keeps what was answered', async () => {
  await issues(3);
  assert.equal(await flush(), true);
  await allAnsweredOnce(3);
  const [{ headers, body, url }] = server.requests;
  assert.equal(url, '/sync/push');
  assert.equal(headers.get('Authorization'), `Bearer token of ${DEVICE}`);
  assert.equal(headers.get('Content-Encoding'), 'gzip');
  assert.deepEqual([body.device, body.epoch, body.sent_at], [DEVICE, 'epoch-1', '2026-11-22T09:00:00.000Z']);
  assert.deepEqual(body.operations.map((/** @type {any} */ one) => one.seq), [1, 2, 3]);
  assert.deepEqual((await status()).state, 'sent');
});

test('without anything to send nothing is asked', async () => {
  assert.equal(await flush({ now: true }), false);
  assert.deepEqual(server.requests, []);
});

test('a batch is at most 500 operations', async () => {
  await issues(620);
  await flush();
  await allAnsweredOnce(620);
  assert.deepEqual(server.requests.map(({ body }) => body.operations.length), [500, 120]);
});

test('a batch is under 1 MiB inflated', async () => {
  for (let i = 0; i < 40; i += 1) await append('stock.issue', { note: 'x'.repeat(60_000), lines: [] });
  await flush();
  await allAnsweredOnce(40);
  for (const { text } of server.requests) assert.ok(text.length < 1024 * 1024, `${text.length}`);
  assert.ok(server.requests.length >= 3);
});

test('a dropped request keeps all waiting, and the next try is later and later', async () => {
  await issues(2);
  server.script = [dropRequest, dropRequest, dropRequest];
  const waits = [];
  for (let i = 0; i < 3; i += 1) {
    assert.equal(await flush(), false);
    const { state, waiting: n, retryIn } = await status();
    assert.deepEqual([state, n], ['saved', 2]);
    waits.push(retryIn ?? 0);
    assert.equal(await flush(), false, 'not before it is due');
    wait((retryIn ?? 0) + 1);
  }
  assert.equal(server.requests.length, 3);
  for (const [i, most] of [1000, 2000, 4000].entries()) assert.ok(waits[i] >= most / 2 && waits[i] <= most, `${waits}`);
  await flush();
  await allAnsweredOnce(2);
  assert.equal(await getMeta('retry'), undefined);
});

test('the wait never grows past five minutes, and ends at once when the network is back', async () => {
  await issue();
  server.script = Array(20).fill(dropRequest);
  for (let i = 0; i < 20; i += 1) {
    await flush();
    const { retryIn } = await status();
    assert.ok((retryIn ?? 0) <= 300_000);
    if (i < 19) wait((retryIn ?? 0) + 1);
  }
  assert.equal(server.requests.length, 20);
  assert.equal(await flush({ now: true }), true);
});

test('a dropped answer is sent again and not doubled', async () => {
  await issues(3);
  server.script = [dropAnswer];
  await flush();
  assert.equal(await waiting(), 3);
  assert.equal(server.ledger.size, 3);
  await flush({ now: true });
  await allAnsweredOnce(3);
});

test('a restart between the request and its answer loses nothing', async () => {
  await issues(3);
  server.script = [dropAnswer];
  await flush();
  await restarted();
  await issue(4);
  await flush({ now: true });
  await allAnsweredOnce(4);
});

test('an answer that lacks an operation leaves that one waiting', async () => {
  await issues(3);
  server.script = [async (work) => {
    const answer = await work().json();
    return json(200, { ...answer, results: answer.results.slice(0, 2) });
  }];
  await flush();
  await allAnsweredOnce(3);
  assert.deepEqual(server.requests.map(({ body }) => body.operations.length), [3, 1]);
});

test('an answer about other ids settles nothing and is not asked for in circles', async () => {
  await issue();
  const strange = { outcome: 'applied', exceptions: [], id: '0192f0c1-0000-7000-8000-00000000ffff', seq: 1 };
  server.script = [async (work) => json(200, { ...(await work().json()), results: [strange] })];
  assert.equal(await flush(), false);
  assert.equal(await waiting(), 1);
  assert.equal(server.requests.length, 1);
  assert.equal((await records()).length, 1);
});

test('a page of a captive portal that says 200 is no answer', async () => {
  await issue();
  server.script = [() => new Response('<h1>Welcome to the hotel</h1>', { status: 200 })];
  await flush();
  assert.equal(await waiting(), 1);
  await flush({ now: true });
  await allAnsweredOnce(1);
});

test('one flusher at a time, and what is saved meanwhile goes too', async () => {
  await issues(2);
  server.script = [async (work) => {
    await issue(3);
    assert.equal(await flush(), false);
    return work();
  }];
  await flush();
  await allAnsweredOnce(3);
  assert.deepEqual(server.requests.map(({ body }) => body.operations.length), [2, 1]);
});

test('offset_ms is the server time minus the middle of the round trip', async () => {
  server.ahead = 5000;
  server.script = [(work) => {
    wait(400);
    const answer = work();
    wait(400);
    return answer;
  }];
  await issue();
  await flush();
  assert.equal(await getMeta('offset_ms'), 5000);
  await issue();
  const [, second] = await records();
  assert.equal(JSON.parse(second.text).offset_ms, 5000);
  assert.equal(second.effective_at, START + 800 + 5000);
});

test('operations are listed newest first, page by page', async () => {
  await issues(5);
  const first = await operations({ limit: 3 });
  assert.deepEqual(first.map(({ seq }) => seq), [5, 4, 3]);
  const rest = await operations({ limit: 3, before: first[2]?.id });
  assert.deepEqual(rest.map(({ seq }) => seq), [2, 1]);
});

test('answered operations are kept 90 days and then forgotten; waiting ones never are', async () => {
  await issues(2);
  await flush();
  wait(89 * 86_400_000);
  await issue(3);
  await flush({ now: true });
  assert.equal((await records()).length, 3);
  wait(2 * 86_400_000);
  await issue(4);
  await flush({ now: true });
  assert.deepEqual((await records()).map(({ seq }) => seq), [3, 4]);
});

test('a server that refuses with 5xx decides nothing, and after some tries a person is told', async () => {
  await issue();
  server.script = Array(5).fill(refuse(503, { detail: 'The database does not answer.' }));
  for (let i = 0; i < 5; i += 1) await flush({ now: false }).then(() => wait(300_001));
  const { state, reason, waiting: n } = await status();
  assert.deepEqual([state, reason, n], ['attention', 'The database does not answer.', 1]);
  await flush({ now: true });
  await allAnsweredOnce(1);
});

test('429 waits as long as the server asks', async () => {
  await issue();
  server.script = [refuse(429, {}, { 'Retry-After': '120' })];
  await flush();
  assert.ok(((await status()).retryIn ?? 0) >= 120_000);
  wait(119_000);
  await flush();
  assert.equal(server.requests.length, 1);
  wait(2000);
  await flush();
  await allAnsweredOnce(1);
});
