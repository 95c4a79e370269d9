/** Sign-in, the first pull and the list of operations, as function calls. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append, flush } from '../../pwa/worker/outbox.js';
import { contextOf } from '../../pwa/worker/context.js';
import { answer } from '../../pwa/worker/router.js';
import { getMeta, pause, setMeta } from '../../pwa/worker/store/meta.js';
import { clinic, leadsTo, open, send } from './support/clinic.js';
import { FakeServer, dropRequest, json, newDevice, refuse, setClock, START } from './support/device.js';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  server = new FakeServer();
  server.serve();
  // sync() tells the pages; here there is none.
  Object.assign(globalThis, { clients: { matchAll: async () => [] } });
});

/** Answer the enrolment with this, all else as ever. @param {() => Response | Promise<Response>} step */
function enrolment(step) {
  const fetch = server.fetch.bind(server);
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url, /** @type {RequestInit} */ options) => (url === '/sync/enrol' ? step() : fetch(url, options)));
}

const ENTRY = { user: 'ama', password: 'a <secret>', facility: 'F1', name: 'Tablet 2' };

test('a new device is led to sign in, and asked for name, password, facility and a name of its own', async () => {
  await newDevice();
  assert.equal(leadsTo(await open('/app/count')), '/app/sign-in');
  const { body, status } = await open('/app/sign-in');
  assert.equal(status, 200);
  for (const field of ['user', 'password', 'facility', 'name']) assert.match(body, new RegExp(`name="${field}"`));
  assert.doesNotMatch(body, /id="sync-bar"/, 'there is nothing to tell yet');
});

test('an entry that lacks something is refused where it was made, and never repeats the password', async () => {
  await newDevice();
  const { status, body } = await send('/app/sign-in', { ...ENTRY, facility: ' ' });
  assert.equal(status, 422);
  assert.match(body, /Fill in your name, your password and the facility code/);
  assert.match(body, /value="ama"/);
  assert.doesNotMatch(body, /secret/);
  assert.deepEqual(server.requests, []);
});

test('each refusal says what is wrong; what was typed stays, but for the password', async () => {
  await newDevice();
  /** @type {[() => Response | Promise<Response>, RegExp][]} */
  const refusals = [
    [refuse(401, { type: 'urn:bincard:problem:wrong_credentials' }), /do not go together/],
    [refuse(404, { type: 'urn:bincard:problem:unknown_facility' }), /no facility with this code/],
    [refuse(403, { type: 'urn:bincard:problem:not_permitted' }), /may not put a device/],
    [refuse(429, { type: 'urn:bincard:problem:too_many_attempts' }), /Too many tries/],
    [refuse(500, { type: 'urn:bincard:problem:x' }), /server has a problem/],
    [refuse(418, { type: 'urn:bincard:problem:new', detail: 'A <new> reason.' }), /A &lt;new&gt; reason\./],
    [dropRequest, /no connection to the server/],
  ];
  for (const [step, words] of refusals) {
    enrolment(step);
    const { status, body } = await send('/app/sign-in', ENTRY);
    assert.equal(status, 422);
    assert.match(body, words);
    assert.match(body, /value="F1"/);
    assert.doesNotMatch(body, /secret/);
  }
  assert.equal(await getMeta('session'), undefined);
});

test('signed in, it waits for the first pull, also when the app is opened elsewhere meanwhile', async () => {
  await newDevice();
  enrolment(() => json(201, { device: server.device, token: 'tok', facility: 'F1', epoch: 'epoch-1' }));
  assert.equal(leadsTo(await send('/app/sign-in', ENTRY)), '/app/starting');
  const { user, device_name, token } = /** @type {any} */ (await getMeta('session'));
  assert.deepEqual([user, device_name, token], ['ama', 'Tablet 2', 'tok']);
  const context = await contextOf(new Request('http://localhost/app/count'), () => {});
  assert.ok(context);
  assert.equal((await answer(context.ctx, context.enrolled, context.ready)).headers.Location, '/app/starting');

  /** @type {Promise<unknown>[]} */
  const later = [];
  const starting = await contextOf(new Request('http://localhost/app/starting'), (work) => later.push(work));
  assert.ok(starting);
  const { body } = await answer(starting.ctx, true, false);
  assert.match(body, /<progress/);
  await Promise.all(later);
  assert.equal(leadsTo(await open('/app/starting')), '/app');
  const ready = await contextOf(new Request('http://localhost/app'), () => {});
  assert.equal(ready?.ready, true);
});

test('a paused device says why, what waits, and leads back to sign in', async () => {
  await clinic();
  await append('stock.issue', { lines: [{ product: 'AMOX', lot: null, quantity: 1 }] });
  await pause('revoked', START);
  const list = await open('/app/operations');
  assert.match(list.body, /Sending is paused/);
  assert.match(list.body, /href="\/app\/sign-in"/);
  const { body } = await open('/app/sign-in');
  assert.match(body, /withdrawn by an administrator/);
  assert.match(body, /1 operation waits/);
});

test('the list tells what became of every operation, what needs a look first', async () => {
  await clinic();
  server.decide = ({ body }) => ({
    1: { outcome: 'applied', exceptions: [] },
    2: { outcome: 'flagged', exceptions: [{ id: 'e2', code: 'negative_stock' }] },
    3: { outcome: 'held', exceptions: [{ id: 'e3', code: 'not_permitted' }] },
    4: { outcome: 'flagged', exceptions: [{ id: 'e4', code: 'a_new_code' }] },
  })[/** @type {1 | 2 | 3 | 4} */ (body.lines[0].quantity)];
  for (const quantity of [1, 2, 3, 4]) await append('stock.issue', { lines: [{ product: 'PARA', lot: { number: 'P1', expiry: null }, quantity }] });
  await flush();
  await append('stock.receive', { lines: ['AMOX', 'PARA', 'ZINC', 'NEW', 'GONE'].map((product) => ({ product, lot: null, quantity: 5 })) });
  const { body } = await open('/app/operations');
  const [urgent, rest] = body.split('What was recorded here');
  for (const words of [/Count this product/, /Held until a person decides/, /no right to record/, /The server says: a_new_code/]) assert.match(urgent ?? '', words);
  assert.match(rest ?? '', /In the ledger/);
  assert.match(rest ?? '', /Saved here, waits to be sent/);
  assert.match(rest ?? '', /and 2 more lines/);
  assert.match(body, /Paracetamol &lt;500 mg&gt;/);
  assert.match(body, /Send now/);
});

test('the list goes on page by page', async () => {
  await clinic();
  for (let i = 0; i < 55; i += 1) await append('stock.issue', { lines: [{ product: 'AMOX', lot: null, quantity: 1 }] });
  const first = await open('/app/operations');
  const older = /href="(\/app\/operations\?before=[^"]+)"/.exec(first.body)?.[1];
  assert.ok(older);
  const second = await open(older);
  const rows = (/** @type {string} */ body) => body.match(/id="o-/g)?.length;
  assert.deepEqual([rows(first.body), rows(second.body)], [50, 5]);
  assert.doesNotMatch(second.body, /\?before=/);
});

test('a refused promise to keep the data, and a wrong clock, are told', async () => {
  await clinic();
  assert.doesNotMatch((await open('/app/operations')).body, /has not promised|clock of this device/);
  await setMeta('persisted', false);
  await setMeta('offset_ms', 10 * 60_000);
  assert.match((await open('/app/operations')).body, /has not promised[^]*clock of this device/);
});

test('send now sends, and comes back to the list', async () => {
  await clinic();
  await append('stock.issue', { lines: [{ product: 'AMOX', lot: null, quantity: 1 }] });
  server.script = [dropRequest];
  await flush();
  setClock(START + 10);
  assert.equal(leadsTo(await send('/app/operations', {})), '/app/operations');
  assert.equal(server.ledger.size, 1);
  assert.match((await open('/app/operations')).body, /Nothing waits to be sent/);
});
