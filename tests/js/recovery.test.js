/** What the outbox does when the server knows less, will not read, or does not know the device any more. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { enrol } from '../../pwa/worker/enrol.js';
import { append, flush, status, waiting } from '../../pwa/worker/outbox.js';
import { getMeta } from '../../pwa/worker/store/meta.js';
import { database } from '../../pwa/worker/store/database.js';
import { attention, storeAnswers } from '../../pwa/worker/store/records.js';
import {
  FakeServer, dropAnswer, dropRequest, enrolled, json, newDevice, records, refuse, restarted, wait,
} from './support/device.js';

const OTHER = '0192f0aa-0000-7000-8000-000000000002';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  server.serve();
});

/** @param {number} n @param {string} [note] */
async function issues(n, note = '') {
  for (let i = 1; i <= n; i += 1) await append('stock.issue', { note, lines: [{ product: 'P1', lot: null, quantity: i }] });
}

const byId = async () => new Map((await records()).map((record) => [record.id, record]));
const gaps = () => server.applied.filter(({ kind }) => kind === 'device.gap').map(({ body }) => body);

/** The server is put back to an earlier state, under a new epoch, as `bincard restore` does. @param {number} upto */
function restoreServer(upto) {
  server.epoch = 'epoch-2';
  server.expected = upto + 1;
  server.ledger = new Map([...server.ledger].slice(0, upto));
}

test('a restored server gets again what it lost, out of the kept operations, byte for byte', async () => {
  await issues(6);
  await flush();
  restoreServer(2);
  await issues(1);
  await flush();
  const kept = await byId();
  assert.equal(server.ledger.size, 7);
  for (const [id, { text }] of server.ledger) assert.equal(kept.get(id)?.text, text);
  assert.equal(await waiting(), 0);
  assert.equal(await getMeta('epoch'), 'epoch-2');
  assert.deepEqual(server.requests.map(({ body }) => body.operations.map((/** @type {any} */ one) => one.seq)), [[1, 2, 3, 4, 5, 6], [7], [1, 2, 3, 4, 5, 6, 7]]);
});

test('a restored server gets again what it lost, though a copy of this store was there before', async () => {
  await issues(4);
  await flush();
  restoreServer(2);
  // The twin has the same device id, and sends what is its own under the numbers 3 and 4.
  server.expected = 5;
  await issues(1);
  await flush();
  assert.equal(server.ledger.size, 5);
  assert.equal(await waiting(), 0);
  assert.deepEqual(gaps(), []);
});

test('a restored server gets again what was sent as a former device, if that was answered after the backup', async () => {
  await issues(2);
  await flush();
  // Signing in again: the server made the new device before the backup, and answered the old one after it.
  await enrolled({ device: OTHER });
  server.device = OTHER;
  server.expected = 1;
  await issues(1);
  await flush();
  server.epoch = 'epoch-2';
  server.expected = 1;
  server.ledger.clear();
  await issues(1);
  await flush();
  const kept = await byId();
  assert.equal(server.ledger.size, 4);
  for (const [id, { text }] of server.ledger) assert.equal(kept.get(id)?.text, text);
  assert.deepEqual([server.expected, await waiting(), gaps()], [5, 0, []]);
});

test('what it no longer has it declares lost, one delivery number each', async () => {
  await issues(4);
  await flush();
  wait(91 * 86_400_000);
  await issues(1);
  await flush({ now: true });
  assert.equal((await records()).length, 1, 'the first four were forgotten');
  restoreServer(1);
  await issues(1);
  await flush();
  assert.deepEqual(gaps(), [{ from: 2, to: 2 }, { from: 3, to: 3 }, { from: 4, to: 4 }]);
  assert.equal(server.expected, 7);
  assert.equal(await waiting(), 0);
});

test('a restart in the middle of it goes on', async () => {
  await issues(5);
  await flush();
  restoreServer(1);
  await issues(1);
  server.script = [(work) => work(), dropRequest];
  await flush();
  assert.equal(await waiting(), 6);
  await restarted();
  await flush({ now: true });
  assert.equal(server.ledger.size, 6);
  assert.equal(await waiting(), 0);
});

test('an expected_seq below what was answered is obeyed under the same epoch too', async () => {
  await issues(3);
  await flush();
  server.expected = 2;
  server.ledger = new Map([...server.ledger].slice(0, 1));
  await issues(1);
  await flush();
  assert.equal(server.ledger.size, 4);
  assert.equal(await waiting(), 0);
});

test('a server that asks for the same again and again is asked more slowly', async () => {
  await issues(2);
  server.push = function push(text) {
    const { operations } = JSON.parse(text);
    const results = operations.map((/** @type {any} */ { seq, operation }) => ({ id: operation.id, seq, outcome: 'applied', exceptions: [] }));
    return json(200, { epoch: 'epoch-1', server_time: '2026-11-22T09:00:00.000Z', expected_seq: 1, results });
  };
  await flush();
  assert.ok(server.requests.length <= 8, `${server.requests.length} requests`);
  assert.ok(((await status()).retryIn ?? 0) > 0);
});

test('413 halves the batch until it goes', async () => {
  await issues(10);
  const size = FakeServer.prototype.push;
  server.push = (text) => (JSON.parse(text).operations.length > 3 ? json(413, {}) : size.call(server, text));
  await flush();
  assert.equal(await waiting(), 0);
  assert.equal(server.ledger.size, 10);
  assert.deepEqual(gaps(), []);
});

test('a lone operation that is too large is set aside and shown, and the rest goes on', async () => {
  await issues(2);
  await issues(1, 'poison');
  await issues(2);
  const push = FakeServer.prototype.push;
  server.push = (text) => (text.includes('poison') ? json(413, {}) : push.call(server, text));
  await flush();
  assert.equal(await waiting(), 0);
  assert.deepEqual(gaps(), [{ from: 3, to: 3 }]);
  assert.equal(server.expected, 6);
  const aside = (await records()).filter(({ state }) => state === 'set_aside');
  assert.equal(aside.length, 1);
  assert.match(aside[0].text, /poison/);
  assert.deepEqual((await attention()).map(({ id }) => id), [aside[0].id]);
  assert.equal((await status()).state, 'attention');
});

test('401 pauses, keeps everything, and asks nothing more until someone signs in', async () => {
  await issues(2);
  server.script = [refuse(401, { detail: 'no valid token' })];
  await flush();
  assert.deepEqual([(await status()).state, (await status()).reason, await waiting()], ['paused', 'signed_out', 2]);
  await issues(1);
  await flush({ now: true });
  assert.equal(server.requests.length, 1);
  assert.equal((await records()).length, 3);
});

test('403 pauses likewise and says that the device was withdrawn', async () => {
  await issues(1);
  server.script = [refuse(403)];
  await flush();
  assert.deepEqual([(await status()).state, (await status()).reason], ['paused', 'revoked']);
});

/** @param {string} device */
function answersEnrolment(device) {
  const fetch = server.fetch.bind(server);
  server.device = device;
  server.expected = 1;
  globalThis.fetch = /** @type {any} */ ((/** @type {string} */ url, /** @type {RequestInit} */ options) => (url === '/sync/enrol'
    ? Promise.resolve(json(201, { device, token: `token of ${device}`, facility: 'F1', epoch: server.epoch }))
    : fetch(url, options)));
}

test('signed in again it is a new device: what waits is renumbered from 1, in order, and nothing is lost', async () => {
  await issues(3);
  await flush();
  await issues(2);
  server.script = [dropAnswer];
  await flush();
  await issues(2);
  server.script = [refuse(401)];
  await flush({ now: true });
  answersEnrolment('0192f0aa-0000-7000-8000-000000000002');
  assert.deepEqual(await enrol({ user: 'kofi', password: 'secret', facility: 'F1', name: 'Tablet' }), { user: 'kofi' });
  const waitingNow = (await records()).filter(({ state }) => state === 'waiting');
  assert.deepEqual(waitingNow.map(({ seq }) => seq), [1, 2, 3, 4]);
  await issues(1);
  await flush();
  assert.equal(await waiting(), 0);
  assert.equal(server.ledger.size, 8, 'the two whose answer was dropped are not doubled');
  assert.deepEqual(server.applied.map(({ author }) => author), [...Array(7).fill('ama'), 'kofi'], 'authorship is kept');
  assert.equal(await getMeta('paused'), undefined);
  assert.equal(await getMeta('cursor'), undefined, 'everything is pulled anew');
});

test('gaps of the old device are not carried over to the new one, and what they stood for is tried again', async () => {
  await issues(1, 'poison');
  server.script = [refuse(413), dropRequest];
  await flush();
  assert.deepEqual((await records()).map(({ kind }) => kind).sort(), ['device.gap', 'stock.issue']);
  answersEnrolment('0192f0aa-0000-7000-8000-000000000003');
  await enrol({ user: 'ama', password: 'secret', facility: 'F1', name: 'Tablet' });
  await issues(1);
  await flush();
  assert.deepEqual(gaps(), []);
  assert.deepEqual((await records()).map(({ state }) => state), ['answered', 'answered']);
  assert.deepEqual((await attention()), []);
});

test('a copied store is told, and pauses for a device id of its own', async () => {
  await issues(1);
  server.decide = () => ({ outcome: 'flagged', exceptions: [{ id: 'x', code: 'seq_reused' }] });
  await flush();
  assert.deepEqual([(await status()).state, (await status()).reason], ['paused', 'seq_reused']);
});

test('every refusal of an enrolment has its reason, and changes nothing', async () => {
  await issues(1);
  const before = await getMeta('session');
  const entry = { user: 'ama', password: 'x', facility: 'F1', name: 'Tablet' };
  /** @type {[number, string, string][]} */
  const refusals = [
    [401, 'urn:bincard:problem:wrong_credentials', 'wrong_credentials'], [404, 'urn:bincard:problem:unknown_facility', 'unknown_facility'],
    [403, 'urn:bincard:problem:not_permitted', 'not_permitted'], [400, 'about:blank', 'blank'],
  ];
  for (const [code, type, reason] of refusals) {
    globalThis.fetch = /** @type {any} */ (async () => json(code, { type, detail: 'The words of the server.' }));
    assert.deepEqual(await enrol(entry), { reason, detail: 'The words of the server.' });
  }
  globalThis.fetch = /** @type {any} */ (async () => json(503, { type: 'urn:bincard:problem:x', detail: 'A trace.' }));
  assert.deepEqual(await enrol(entry), { reason: 'server', detail: '' });
  globalThis.fetch = /** @type {any} */ (async () => new Response('<h1>Not found</h1>', { status: 404 }));
  assert.deepEqual(await enrol(entry), { reason: '', detail: '' });
  globalThis.fetch = /** @type {any} */ (dropRequest);
  assert.deepEqual(await enrol(entry), { reason: 'network', detail: '' });
  globalThis.fetch = /** @type {any} */ (async () => new Response('<h1>portal</h1>', { status: 200 }));
  assert.deepEqual(await enrol(entry), { reason: 'server', detail: '' });
  assert.deepEqual(await getMeta('session'), before);
  assert.equal(await waiting(), 1);
});

test('what needs a look is what stands: the answer until a pull contains it, the pull afterwards', async () => {
  await issues(2);
  server.decide = (operation) => (operation.body.lines[0].quantity === 1
    ? { outcome: 'flagged', exceptions: [{ id: 'e1', code: 'negative_stock' }] }
    : { outcome: 'held', exceptions: [{ id: 'e2', code: 'unknown_product' }] });
  await flush();
  assert.equal((await status()).attention, 2);
  let db = await database();
  await db.put('meta', 2, 'covers');
  await restarted();
  assert.equal((await status()).attention, 0);
  db = await database();
  await db.put('exception', { id: 'e2', code: 'unknown_product', state: 'open' }, 'e2');
  await restarted();
  const [only, ...others] = await attention();
  assert.deepEqual([only?.standing.map(({ code }) => code), others], [['unknown_product'], []]);
});

test('a crash right behind the answer that says "you are a copy" leaves the copy knowing it', async () => {
  await issues(1);
  const [{ id }] = /** @type {[any]} */ (await records());
  await storeAnswers([{ id, outcome: 'flagged', exceptions: [{ id: 'x', code: 'seq_reused' }] }], Date.parse('2026-11-22T09:00:00.000Z'));
  await restarted();
  assert.equal((await getMeta('paused'))?.reason, 'seq_reused');
});
