/** What looks wrong at the facility, and deciding about it, by function call. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';

import { append, flush } from '../../pwa/worker/outbox.js';
import { choices } from '../../pwa/worker/screens/problem.js';
import { actions, actionWords, HELD, known } from '../../pwa/worker/screens/problem_words.js';
import { STEPS, stepWords } from '../../pwa/worker/screens/problem_steps.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { getMeta, setMeta } from '../../pwa/worker/store/meta.js';
import { clinic, leadsTo, open, RIGHTS, saved, send } from './support/clinic.js';
import { FakeServer } from './support/device.js';
import { french } from './support/french.js';

/** @import { ExceptionRow } from '../../pwa/worker/types.js' */

const ACTIONS = JSON.parse(readFileSync(new URL('../vectors/exceptions/actions.json', import.meta.url), 'utf8'));
const E1 = '0192f0e1-0000-5000-8000-000000000001';
const E2 = '0192f0e1-0000-5000-8000-000000000002';
const ELSEWHERE = '0192f0c1-0000-7000-8000-00000000cccc';

/** @param {Partial<ExceptionRow>} row */
async function pulled(row) {
  const whole = {
    id: E1, code: 'negative_stock', operation: ELSEWHERE, other: '', line: 0, detail: { product: 'PARA', lot: 'P1', location: '', account: '' },
    state: 'open', opened_at: '2026-11-20T08:00:00.000Z', assigned_to: '', resolved_by: '', resolved_at: null, action: '', note: '', ...row,
  };
  await (await database()).put('exception', whole, whole.id);
  revision.pulled += 1;
}

/** @param {string[]} rights */
async function may(...rights) {
  await (await database()).put('user', { name: 'ama', roles: ['nurse'], rights: [...RIGHTS, ...rights] }, 'ama');
  revision.pulled += 1;
}

/** The server answers everything that waits, and the next pull contains it. @param {(operation: any) => any} decide */
async function answered(decide) {
  const server = new FakeServer();
  server.serve();
  server.expected = 1;
  server.decide = decide;
  await flush();
  return server;
}

beforeEach(async () => {
  Object.assign(globalThis, { clients: { matchAll: async () => [] } });
  await clinic();
  await may('exception.own');
});

test('there are words and the server\'s answers for every code', () => {
  const ctx = /** @type {any} */ ({ t: (/** @type {string} */ text) => text });
  assert.deepEqual(Object.keys(known(ctx)).sort(), Object.keys(ACTIONS).sort());
  for (const [code, expected] of Object.entries(ACTIONS)) {
    assert.deepEqual(actions(code), expected, code);
    assert.equal(HELD.has(code), expected.includes('refuse'), code);
    for (const action of expected) assert.notEqual(actionWords(ctx, code, action), action);
  }
});

test('every code says what is wrong and what to do in both languages, and has a next step to take', () => {
  const ctx = /** @type {any} */ ({ t: (/** @type {string} */ text) => text });
  const said = french();
  const spoken = (/** @type {string} */ text) => text !== '' && (said.get(text)?.said ?? '') !== '' && said.get(text)?.said !== text;
  assert.deepEqual(Object.keys(STEPS).sort(), Object.keys(ACTIONS).sort());
  for (const code of Object.keys(ACTIONS)) {
    const { what, next } = known(ctx)[code] ?? { what: '', next: '' };
    assert.deepEqual([spoken(what), spoken(next)], [true, true], code);
    assert.ok((STEPS[code] ?? []).length > 0, code);
    for (const step of STEPS[code] ?? []) assert.ok(spoken(stepWords(ctx, step)), `${code}: ${step}`);
  }
});

test('every next step is a button that leads somewhere, for who may take it', async () => {
  await may('exception.own', 'stock.issue');
  const at = `/app/problems/${E1}`;
  for (const code of Object.keys(ACTIONS)) {
    await pulled({ code, detail: { product: 'PARA', lot: 'P1', kind: 'stock.receive', facility: 'F1' } });
    const { body } = await open(at);
    const [, primary = ''] = /<div class="stack-tight">(.*?button-primary.*?)<(?:\/a|\/button)>/s.exec(body) ?? [];
    const [, url = ''] = /(?:href|action)="([^"]+)"/.exec(primary) ?? [];
    assert.notEqual(url, '', code);
    if (url === '#decide') assert.match(body, /id="decide"/, code);
    else if (url.endsWith('/count')) assert.match(leadsTo(await send(url, {})), /\/item\/PARA$/, code);
    else assert.equal((await open(url)).status, 200, `${code}: ${url}`);
  }
  await (await database()).put('user', { name: 'ama', rights: ['stock.view'] }, 'ama');
  await pulled({});
  assert.doesNotMatch((await open(at)).body, /button-primary/);
});

test('what was recorded here with the wrong reason is undone from the problem', async () => {
  await append('stock.adjust', { lines: [{ product: 'PARA', lot: { number: 'P1', expiry: null }, quantity: 7, reason: 'lost' }] });
  const [{ id }] = await (await database()).getAll('outbox');
  await pulled({ code: 'reason_type', operation: id });
  assert.match((await open(`/app/problems/${E1}`)).body, new RegExp(`button-primary" href="/app/operations/${id}"[^]*Undo it[^]*href="/app/adjust/PARA"`));
});

test('a long list is narrowed to one\'s own or to a product; a short one has no filters', async () => {
  await pulled({});
  assert.doesNotMatch((await open('/app/problems')).body, /show=mine/);
  for (let i = 2; i < 9; i += 1) await pulled({ id: `0192f0e1-0000-5000-8000-00000000000${i}`, code: 'inactive', detail: { product: i < 4 ? 'AMOX' : 'PARA' }, ...(i === 3 && { assigned_to: 'ama' }) });
  const list = async (/** @type {string} */ query) => (await open(`/app/problems${query}`)).body;
  const count = (/** @type {string} */ body) => body.match(/id="p-/g)?.length ?? 0;
  const all = await list('');
  assert.match(all, /href="\/app\/problems\?show=mine"[^]*<option value="AMOX">Amoxicillin/);
  assert.deepEqual([count(all), count(await list('?product=AMOX')), count(await list('?show=mine')), count(await list('?show=mine&product=PARA'))], [8, 2, 1, 0]);
  assert.match(await list('?show=mine&product=PARA'), /hx-get="\/app\/problems\?show=mine&amp;product=PARA"[^]*None of the open problems fits/);
  assert.match(await list('?product=AMOX'), /<option value="AMOX" selected>/);
});

test('nothing wrong is said in words, and home says it too', async () => {
  const { body } = await open('/app/problems');
  assert.match(body, /Nothing needs a look/);
  assert.match((await open('/app')).body, /href="\/app\/problems"[^]*Nothing needs a look/);
});

test('home says how many problems there are, one tap away; without the right only when there are some', async () => {
  await may();
  assert.doesNotMatch((await open('/app')).body, /\/app\/problems/);
  await pulled({});
  await pulled({ id: E2, code: 'inactive' });
  assert.match((await open('/app')).body, /href="\/app\/problems"[^]*2 problems need a look/);
});

test('each problem says what is wrong, where, and what to do', async () => {
  await pulled({ assigned_to: 'ama' });
  await pulled({ id: E2, code: 'unknown_product', detail: { product: 'X<1>' }, line: 0, opened_at: '2026-11-21T08:00:00.000Z' });
  const { body } = await open('/app/problems');
  assert.match(body, /does not know this product[^]*X&lt;1&gt;[^]*Held until a person decides[^]*More left the shelf[^]*Paracetamol &lt;500 mg&gt;[^]*Lot P1[^]*a count puts it right[^]*Asked: ama/);
  assert.doesNotMatch(body, /X<1>/);
});

test('a card below zero leads to the count of that product', async () => {
  await pulled({});
  assert.match((await open(`/app/problems/${E1}`)).body, new RegExp(`action="/app/problems/${E1}/count"[^]*Count this product`));
  const item = leadsTo(await send(`/app/problems/${E1}/count`, {}));
  assert.match(item, /^\/app\/count\/[^/]+\/item\/PARA$/);
  assert.match((await open(item)).body, /Paracetamol/);
  // The count that was begun is gone on with; no other one is begun.
  assert.equal(leadsTo(await send(`/app/problems/${E1}/count`, {})), item);
});

test('a decision is in the outbox before it is called saved, and shown as waiting', async () => {
  await pulled({ code: 'count_overlap', other: '0192f0c1-0000-7000-8000-00000000dddd' });
  const { body } = await open(`/app/problems/${E1}`);
  assert.match(body, /value="accept"[^]*It is right as it is[^]*value="move"[^]*on the other side of the count/);
  assert.equal((await send(`/app/problems/${E1}/draft`, { note: 'asked <Bea>' })).status, 204);
  assert.match((await open(`/app/problems/${E1}`)).body, /asked &lt;Bea&gt;/);
  assert.equal(leadsTo(await send(`/app/problems/${E1}`, { action: 'move', note: ' asked <Bea> ' })), '/app/problems?saved=decision');
  const [operation, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.equal(operation?.kind, 'exception.resolve');
  assert.deepEqual(operation?.body, { exception: E1, action: 'move', note: 'asked <Bea>' });
  const list = await open('/app/problems?saved=decision');
  assert.match(list.body, /saved on this device[^]*Nothing needs a look[^]*Decided, waits to be sent/);
  assert.match((await open('/app')).body, /Nothing needs a look/);
  const after = await open(`/app/problems/${E1}`);
  assert.match(after.body, /What was decided[^]*Moved to the other side/);
  assert.doesNotMatch(after.body, /name="action"/);
  const twice = await send(`/app/problems/${E1}`, { action: 'accept', note: 'no' });
  assert.equal(twice.status, 422);
  assert.match(twice.body, /decided meanwhile/);
  assert.equal((await saved()).length, 1);
});

test('it stays decided until the pulled row says so, and is open again when the server could not do it', async () => {
  await pulled({ code: 'clock_skew' });
  leadsTo(await send(`/app/problems/${E1}`, { action: 'accept', note: '' }));
  await answered(() => ({ outcome: 'applied', exceptions: [] }));
  assert.match((await open('/app/problems')).body, /Decided and sent/);
  await setMeta('covers', 1);
  await pulled({ code: 'clock_skew', state: 'resolved', resolved_by: 'mercy', resolved_at: '2026-11-22T08:30:00.000Z', action: 'accept', note: 'set it' });
  const { body } = await open(`/app/problems/${E1}`);
  assert.match(body, /Seen, and left as it is[^]*mercy[^]*set it[^]*Decide otherwise/);
  await pulled({ code: 'clock_skew' });
  assert.match((await open('/app')).body, /1 problem needs a look/);
});

test('a decision that its author had no right to says so', async () => {
  await pulled({ code: 'clock_skew' });
  leadsTo(await send(`/app/problems/${E1}`, { action: 'accept', note: '' }));
  await answered(() => ({ outcome: 'held', exceptions: [{ id: E2, code: 'not_permitted', line: -1, detail: { author: 'ama', kind: 'exception.resolve', facility: 'F1' } }] }));
  const { body } = await open('/app/problems');
  assert.match(body, /Decided, but you had no right to/);
  assert.match(body, /Who recorded this had no right to record it/);
});

test('without the right there are no buttons, and a form that comes all the same saves nothing', async () => {
  await may();
  await pulled({ code: 'already_received' });
  const { body } = await open(`/app/problems/${E1}`);
  assert.match(body, /A manager decides about this/);
  assert.doesNotMatch(body, /name="action"/);
  const refused = await send(`/app/problems/${E1}`, { action: 'accept', note: 'kept' });
  assert.equal(refused.status, 422);
  assert.match(refused.body, /Nothing was saved/);
  assert.deepEqual(await saved(), []);
});

test('a receipt twice: once, or twice', async () => {
  await pulled({ code: 'already_received', detail: { product: 'AMOX', lot: 'LATE', product_id: 1, shipment: ELSEWHERE } });
  assert.match((await open(`/app/problems/${E1}`)).body, /Did the goods really arrive twice\?[^]*No, it arrived once[^]*Yes, it arrived twice/);
  leadsTo(await send(`/app/problems/${E1}`, { action: 'count_in', note: '' }));
  assert.deepEqual((await saved())[0]?.body, { exception: E1, action: 'count_in', note: '' });
  // What it does to the card is not known here before the next pull.
  assert.match((await open('/app/stock/AMOX')).body, /Provisional/);
});

test('a lot with two dates is asked for the one on the label', async () => {
  await pulled({ code: 'lot_expiry', line: -1, detail: { product: 'AMOX', lot: 'LATE', expiries: ['2027-12-31', '2028-01-31'] } });
  assert.match((await open(`/app/problems/${E1}`)).body, /value="2027-12-31"[^]*value="2028-01-31"/);
  for (const expiry of ['', '31/01/2028']) {
    const refused = await send(`/app/problems/${E1}`, { action: 'expiry', note: 'read <it>', expiry });
    assert.equal(refused.status, 422);
    assert.match(refused.body, /Choose the date that is on the label[^]*read &lt;it&gt;/);
  }
  leadsTo(await send(`/app/problems/${E1}`, { action: 'expiry', note: '', expiry: '2028-01-31' }));
  assert.deepEqual((await saved())[0]?.body, { exception: E1, action: 'expiry', note: '', expiry: '2028-01-31' });
});

test('what was held is told as soon as it is answered, with its lines; who had no right cannot let it in', async () => {
  await append('stock.dispense', { lines: [{ product: 'PARA', lot: { number: 'P1', expiry: null }, quantity: 7 }] });
  await answered(() => ({ outcome: 'held', exceptions: [{ id: E2, code: 'not_permitted', line: -1, detail: { author: 'ama', kind: 'stock.dispense', facility: 'F1' } }] }));
  assert.match((await open('/app')).body, /1 problem needs a look/);
  const { body } = await open(`/app/problems/${E2}`);
  assert.match(body, /Who recorded this had no right[^]*Dispensing[^]*Paracetamol[^]*−7[^]*value="refuse"/);
  assert.doesNotMatch(body, /value="release"/);
  await may('exception.own', 'stock.dispense');
  assert.match((await open(`/app/problems/${E2}`)).body, /value="release"[^]*It happened: let it in/);
  // The same one comes with the pull, and is there once.
  await setMeta('covers', 1);
  const [record] = await (await database()).getAll('outbox');
  await pulled({ id: E2, code: 'not_permitted', operation: record.id, line: -1, detail: { author: 'ama' } });
  assert.equal((await open('/app/problems')).body.match(/id="p-/g)?.length, 1);
});

test('nobody decides about the difference of their own count', async () => {
  await append('stock.count', { lines: [{ product: 'PARA', lot: { number: 'P1', expiry: null }, counted: 7 }] });
  const [{ id }] = await (await database()).getAll('outbox');
  await pulled({ code: 'variance_changed', operation: id });
  const { body } = await open(`/app/problems/${E1}`);
  assert.match(body, /Somebody else must look/);
  assert.doesNotMatch(body, /name="action"/);
});

test('letting in needs the right to record it, and the facility', () => {
  const problem = (/** @type {string} */ kind, /** @type {string} */ facility) => /** @type {any} */ ({
    row: { code: 'not_permitted', detail: { kind, facility }, state: 'open' }, decided: null, operation: null, other: null,
  });
  const me = (/** @type {string[]} */ ...rights) => /** @type {any} */ ({ me: { rights, facility: 'F1', user: 'ama' } });
  assert.deepEqual(choices(me('exception.own'), problem('stock.issue', 'F1')), ['refuse']);
  assert.deepEqual(choices(me('exception.own', 'stock.issue'), problem('stock.issue', 'F1')), ['release', 'refuse']);
  assert.deepEqual(choices(me('exception.own', 'stock.issue'), problem('stock.issue', 'F2')), ['refuse']);
  assert.deepEqual(choices(me('exception.resolve'), problem('stock.issue', 'F2')), ['release', 'refuse']);
  assert.deepEqual(choices(me('stock.issue'), problem('stock.issue', 'F1')), []);
});

test('a problem that was put right meanwhile says so', async () => {
  assert.equal((await open(`/app/problems/${E1}`)).status, 404);
  const { status, body } = await send(`/app/problems/${E1}`, { action: 'accept', note: '' });
  assert.equal(status, 404);
  assert.match(body, /put right/);
  assert.deepEqual(await saved(), []);
  assert.equal(await getMeta('retry'), undefined);
});
