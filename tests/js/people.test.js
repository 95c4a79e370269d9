/** Several people on one device: PINs and what wrong ones cost, the lock, kept forms, and erasing. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';

import { pull } from '../../pwa/worker/feed.js';
import { currentKeys, forgetKeys, handleForPage, holder, lock, touched, unlock, workOf } from '../../pwa/worker/lock.js';
import { append, flush, waiting } from '../../pwa/worker/outbox.js';
import { TRIES_MAX, afterPassword, delayAfter, ensurePerson, pinFault, setPin, tryPin, waitOf, withoutPin } from '../../pwa/worker/people.js';
import { wipeIfAsked } from '../../pwa/worker/wipe.js';
import { strength } from '../../pwa/worker/seal.js';
import { database } from '../../pwa/worker/store/database.js';
import { getMeta, setMeta } from '../../pwa/worker/store/meta.js';
import { forgetPeople, personRow } from '../../pwa/worker/store/people.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';
import { Locked, get, placeOf, put } from './support/notes.js';
import { FakeServer, START, json, records, setClock, wait } from './support/device.js';

const MINUTE = 60_000;
const ROUNDS = strength.rounds;
strength.rounds = 1000;

/** @type {FakeServer} */
let server;
/** What the open pages hold. @type {Uint8Array | null} */
let page = null;

// A page of the app: it keeps what the worker gives it, and gives it back.
Object.assign(globalThis, {
  clients: {
    matchAll: async () => [{
      postMessage(/** @type {any} */ message, /** @type {MessagePort[]} */ [port] = []) {
        if (message.type === 'hold') page = structuredClone(message.handle);
        if (message.type === 'locked') page = null;
        if (message.type === 'handle?') port?.postMessage(page);
      },
    }],
  },
});

beforeEach(async () => {
  forgetKeys();
  forgetPeople();
  page = null;
  await clinic();
  forgetPeople();
  await (await database()).put('user', { name: 'kofi', roles: ['nurse'], rights: ['stock.issue', 'stock.view'] }, 'kofi');
  server = new FakeServer();
  server.serve();
});

/** @param {string} user @param {string} pin @param {string} [password] */
async function joins(user, pin, password = 'the password') {
  const { raw } = await afterPassword(user, password, pin);
  return raw;
}

/** Ama and Kofi, with PINs 2580 and 1379; Ama is signed in. */
async function two() {
  await setMeta('people', ['ama', 'kofi']);
  await joins('kofi', '1379');
  await unlock('ama', await joins('ama', '2580'));
}

/** What a worker that the browser stopped knows when it is started again. */
function stopped() {
  forgetKeys();
  forgetPeople();
}

const issue = () => append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'AMOX', lot: null, quantity: 1 }] });

test('a PIN has 4 to 8 digits and is not the easiest to guess', () => {
  assert.deepEqual(['123', '12345678a', '123456789', '', '1234', '9876', '0000', '1357', '2580', '00112233'].map(pinFault),
    ['form', 'form', 'form', 'form', 'easy', 'easy', 'easy', null, null, null]);
});

test('wrong PINs cost more and more time, over restarts, and after ten nothing but the password helps', async () => {
  await two();
  assert.deepEqual([1, 2, 3, 4, 9].map(delayAfter), [0, 0, 5_000, 10_000, 320_000]);
  for (let left = TRIES_MAX - 1; left >= 0; left -= 1) {
    assert.deepEqual(await tryPin('kofi', '0001'), { left });
    if (left <= 7 && left > 0) {
      stopped();
      const { wait: ms } = /** @type {{wait: number}} */ (await tryPin('kofi', '1379'));
      assert.equal(ms, delayAfter(TRIES_MAX - left));
      wait(ms);
    }
  }
  wait(86_400_000);
  assert.deepEqual(await tryPin('kofi', '1379'), { left: 0 });
  await joins('kofi', '4826');
  assert.ok('raw' in await tryPin('kofi', '4826'));
});

test('a clock that was put back makes the wait begin anew and not last for years', async () => {
  await two();
  for (let i = 0; i < 3; i += 1) await tryPin('kofi', '0001');
  setClock(Date.parse('2015-01-01'));
  assert.deepEqual(await tryPin('kofi', '1379'), { wait: 5_000 });
  wait(5_000);
  assert.ok('raw' in await tryPin('kofi', '1379'));
  assert.equal(waitOf({ failures: 3, failed_at: START }, START + 4_000), 1_000);
});

test('a try is counted before it is looked at: a worker that is stopped meanwhile takes none back', async () => {
  await two();
  const { deriveBits } = crypto.subtle;
  crypto.subtle.deriveBits = () => Promise.reject(new Error('stopped'));
  await assert.rejects(tryPin('kofi', '1379'));
  crypto.subtle.deriveBits = deriveBits;
  stopped();
  assert.equal((await personRow('kofi'))?.failures, 1);
});

test('one person without a PIN works as before: nobody asks, and what is theirs is still encrypted', async () => {
  assert.deepEqual(await holder(), { user: 'ama', id: '', locked: false, idle: null });
  await put('n1', { text: 'for Efua Mensah' });
  assert.deepEqual(await get('n1'), { text: 'for Efua Mensah' });
  assert.doesNotMatch(await onDisk(), /Efua/);
  assert.equal((await open('/app')).status, 200);
  assert.doesNotMatch((await open('/app')).body, /data-lock/);
});

test('a device with PINs is locked until someone enters theirs; the queue goes on meanwhile, each under its author', async () => {
  await two();
  await issue();
  await lock();
  assert.equal(leadsTo(await open('/app/issue')), '/app/lock');
  const { body } = await open('/app/lock');
  assert.match(body, />ama<[\s\S]*>kofi</);
  assert.doesNotMatch(body, /Amoxicillin|data-idle/);
  assert.equal(await waiting(), 1);
  await flush();
  assert.equal(await waiting(), 0);
  const row = await personRow('kofi');
  assert.match((await open(`/app/lock/${row?.id}`)).body, /data-digit="0"/);
  const wrong = await send(`/app/lock/${row?.id}`, { pin: '1111' });
  assert.equal(wrong.status, 422);
  assert.doesNotMatch(wrong.body, /1111/);
  assert.equal(leadsTo(await send(`/app/lock/${row?.id}`, { pin: '1379' })), '/app');
  assert.match((await open('/app')).body, /Signed in: kofi[\s\S]*/);
  await issue();
  assert.deepEqual((await records()).map(({ author }) => author), ['ama', 'kofi']);
  assert.deepEqual((await saved()).map(({ author }) => author), ['ama', 'kofi']);
});

test('what is under way when the device changes hands is its sender’s', async () => {
  await two();
  const kofi = await joins('kofi', '1379');
  let go = () => {};
  const slow = workOf('ama', new Promise((resolve) => {
    go = () => resolve(undefined);
  }).then(issue));
  await lock();
  const switched = unlock('kofi', kofi);
  go();
  await Promise.all([slow, switched]);
  await issue();
  assert.deepEqual((await records()).map(({ author }) => author), ['ama', 'kofi']);
});

test('the device locks itself after rest, and no sooner, also where the worker was stopped', async () => {
  await two();
  for (let i = 0; i < 10; i += 1) {
    wait(MINUTE);
    await touched();
    stopped();
    assert.equal((await holder())?.user, 'ama');
  }
  wait(4.9 * MINUTE);
  assert.equal((await holder())?.locked, false);
  wait(0.2 * MINUTE);
  await touched();
  assert.equal((await holder())?.locked, true);
  assert.equal(page, null);
  assert.equal(await getMeta('unlocked'), undefined);
});

test('a worker that was stopped asks the open page, and without one the PIN is asked', async () => {
  await two();
  await put('n', 'mine');
  stopped();
  assert.equal(await get('n'), 'mine');
  stopped();
  page = null;
  assert.equal((await holder())?.locked, true);
  await unlock('ama', await joins('ama', '2580'));
  stopped();
  page = new Uint8Array(32);
  assert.equal((await holder())?.locked, true);
});

test('what is sealed is its owner’s: not readable after the lock, nor by the other, nor on the disk', async () => {
  await two();
  await put('a', { text: 'Efua Mensah, bed 4' });
  await put('b', 2);
  assert.deepEqual([await get('a'), await get('b')], [{ text: 'Efua Mensah, bed 4' }, 2]);
  const place = await placeOf('a');
  await lock();
  assert.equal(handleForPage(), null);
  await assert.rejects(get('a'), Locked);
  await assert.rejects(put('a', 1), Locked);
  await unlock('kofi', await joins('kofi', '1379'));
  assert.deepEqual([await get('a'), await get('b')], [undefined, undefined]);
  // Moved to where Kofi would look for it, it does not open either.
  const db = await database();
  await db.put('draft', await db.get('draft', place), await placeOf('a'));
  await assert.rejects(get('a'));
  assert.doesNotMatch(await onDisk(), /Efua|2580|1379|the password/);
  assert.equal((await personRow('ama'))?.pin?.rounds, strength.rounds);
  assert.equal((await getMeta('device_secret'))?.extractable, false);
});

test('a PIN that was forgotten loses nothing; a new password elsewhere tells what is lost', async () => {
  await two();
  await put('a', 'kept');
  await lock();
  assert.equal((await afterPassword('ama', 'the password', '4826')).lost, false);
  const tried = await tryPin('ama', '4826');
  await unlock('ama', /** @type {{raw: ArrayBuffer}} */ (tried).raw);
  assert.equal(await get('a'), 'kept');
  await lock();
  assert.equal((await afterPassword('ama', 'another password', '4826')).lost, true);
  const again = await tryPin('ama', '4826');
  await unlock('ama', /** @type {{raw: ArrayBuffer}} */ (again).raw);
  assert.equal(await get('a'), undefined);
});

test('guessing a PIN costs 600,000 rounds each', () => {
  assert.equal(ROUNDS, 600_000);
});

test('choosing a PIN keeps what was there without one', async () => {
  await put('a', 'early');
  const raw = /** @type {ArrayBuffer} */ (await withoutPin(await ensurePerson('ama')));
  await setPin('ama', raw, '2580');
  assert.equal(await withoutPin(/** @type {any} */ (await personRow('ama'))), null);
  await unlock('ama', raw);
  assert.equal(await get('a'), 'early');
});

test('a form that meets the lock is sealed and goes on when its owner is back, once', async () => {
  await two();
  const [ama, kofi] = [await personRow('ama'), await personRow('kofi')];
  wait(6 * MINUTE);
  const entry = { type: 'donor', 'name-donor': 'Efua Mensah', reference: '', date: '2026-11-22' };
  assert.equal(leadsTo(await send('/app/receive', entry)), '/app/lock');
  assert.doesNotMatch(await onDisk(), /Efua/);
  assert.equal(leadsTo(await send(`/app/lock/${kofi?.id}`, { pin: '1379' })), '/app');
  await lock();
  assert.equal(leadsTo(await send(`/app/lock/${ama?.id}`, { pin: '2580' })), '/app/receive/lines');
  assert.match((await open('/app/receive/lines')).body, /Efua Mensah/);
  await lock();
  assert.equal(leadsTo(await send(`/app/lock/${ama?.id}`, { pin: '2580' })), '/app');
});

test('what was half typed stands in its form again, for its owner', async () => {
  await two();
  const ama = await personRow('ama');
  const forms = JSON.stringify([{ action: '/app/receive', fields: [['reference', 'for Efua']] }]);
  assert.equal(leadsTo(await send('/app/lock', { why: 'asked', person: ama?.id ?? '', path: '/app/receive', forms })), '/app/lock');
  assert.doesNotMatch(await onDisk(), /Efua/);
  assert.equal(leadsTo(await send(`/app/lock/${ama?.id}`, { pin: '2580' })), '/app/receive');
  assert.match((await open('/app/receive')).body, /id="kept" data-forms="[^"]*for Efua/);
  assert.doesNotMatch((await open('/app/issue')).body, /id="kept"/);
});

test('who was taken off is signed out; the device without people asks for a password and still sends', async () => {
  await two();
  await issue();
  server.pull = () => json(200, { epoch: 'epoch-1', covers: 0, server_time: new Date(START).toISOString(), changes: [], cursor: 'c', more: false, people: ['kofi'] });
  await pull();
  assert.equal((await holder())?.locked, true);
  const { body } = await open('/app/lock');
  assert.doesNotMatch(body, />ama</);
  server.pull = () => json(200, { epoch: 'epoch-1', covers: 0, server_time: new Date(START).toISOString(), changes: [], cursor: 'c', more: false, people: [] });
  await pull();
  assert.match((await open('/app/lock')).body, /Sign in with name and password/);
  await flush();
  assert.equal(await waiting(), 0);
});

test('the last person stays while something waits; signed out, the device is shut and asks for the password', async () => {
  await issue();
  server.script = [() => json(503, {})];
  const refused = await send('/app/people/sign-out', {});
  assert.equal(refused.status, 422);
  assert.match(refused.body, /You are the last one here/);
  server.script = [];
  await flush({ now: true });
  assert.equal(leadsTo(await send('/app/people/sign-out', {})), '/app/lock');
  assert.equal((await holder())?.locked, true);
  assert.equal((await records()).length, 1);
});

test('a device is erased on the server’s wish once everything is sent, then tells it, with nothing left', async () => {
  await two();
  await put('a', 'Efua');
  await issue();
  await setMeta('wipe', { at: START });
  assert.equal(await wipeIfAsked(), false);
  assert.equal(await waiting(), 1);
  await flush();
  /** @type {string[]} */
  const told = [];
  const ask = globalThis.fetch;
  globalThis.caches = /** @type {any} */ ({ delete: async () => true });
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url, /** @type {RequestInit} */ options) => {
    if (url !== '/sync/wiped') return ask(url, options);
    told.push(String(/** @type {any} */ (options.headers).Authorization));
    if (told.length === 1) throw new TypeError('Failed to fetch');
    return json(200, {});
  });
  assert.equal(await wipeIfAsked(), true);
  assert.match(await onDisk(), /^[^]*"wiped"[^]*$/);
  assert.doesNotMatch(await onDisk(), /ama|kofi|AMOX|Efua|Riverside/);
  assert.match((await open('/app/sign-in')).body, /This device was erased/);
  const { sync } = await import('../../pwa/worker/sync.js');
  await sync();
  assert.equal(told.length, 2);
  assert.equal((await getMeta('wiped'))?.token, undefined);
  assert.equal(await currentKeys(), null);
});

test('a wish that was taken back is forgotten', async () => {
  const answer = { epoch: 'epoch-1', covers: 0, server_time: new Date(START).toISOString(), changes: [], cursor: 'c', more: false, people: ['ama'] };
  server.pull = () => json(200, { ...answer, wipe: true });
  await pull();
  assert.match((await open('/app')).body, /asked for this device to be erased/);
  server.pull = () => json(200, answer);
  await pull();
  assert.equal(await getMeta('wipe'), undefined);
});

test('a store that refuses to write says that nothing was saved and keeps what was typed', async () => {
  const db = await database();
  const real = db.put.bind(db);
  Object.defineProperty(db, 'put', { configurable: true, value: async (/** @type {any[]} */ ...args) => {
    if (args[0] === 'draft') throw new DOMException('full', 'QuotaExceededError');
    return real(.../** @type {[any, any, any]} */ (args));
  } });
  const begin = db.transaction.bind(db);
  Object.defineProperty(db, 'transaction', { configurable: true, value: (/** @type {any[]} */ ...args) => {
    if (args[0] === 'draft' && args[1] === 'readwrite') throw new DOMException('full', 'QuotaExceededError');
    return begin(.../** @type {[any, any]} */ (args));
  } });
  const { error } = console;
  console.error = () => {};
  const { status, body } = await send('/app/receive', { type: 'supplier', 'name-supplier': 'Central stores', reference: 'D <1>', date: '2026-11-22' });
  console.error = error;
  assert.equal(status, 507);
  assert.match(body, /Nothing was saved/);
  assert.match(body, /name="reference" value="D &lt;1&gt;"/);
});

test('no log of the worker holds more than an address and an error', () => {
  for (const file of ['people', 'lock', 'kept', 'seal', 'wipe', 'enrol', 'store/people', 'store/wipe', 'screens/lock', 'screens/people', 'screens/sign_in_here']) {
    assert.doesNotMatch(readFileSync(new URL(`../../pwa/worker/${file}.js`, import.meta.url), 'utf8'), /console\./, file);
  }
});

/** @returns {Promise<string>} all that the device has stored, bytes as letters */
async function onDisk() {
  const db = await database();
  const parts = [];
  for (const store of db.objectStoreNames) {
    const [keys, values] = await Promise.all([db.getAllKeys(store), db.getAll(store)]);
    parts.push(JSON.stringify(keys), JSON.stringify(values, (_, value) => (
      value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? Buffer.from(/** @type {any} */ (value)).toString('latin1') : value)));
  }
  return parts.join('\n');
}

test('someone else signs in only after the one who is here has chosen a PIN', async () => {
  assert.equal(leadsTo(await open('/app/lock/new')), '/app/pin?then=new');
  assert.equal(leadsTo(await send('/app/lock/new', {})), '/app/pin?then=new');
  assert.match((await send('/app/pin', { then: 'new', pin: '1234', again: '1234' })).body, /too easy/);
  assert.match((await send('/app/pin', { then: 'new', pin: '2580', again: '2581' })).body, /differ/);
  assert.equal(leadsTo(await send('/app/pin', { then: 'new', pin: '2580', again: '2580' })), '/app/lock/new');
  const entry = { user: 'kofi', password: 'the password', pin: '1379', again: '1379' };
  const { script } = server;
  script.push(() => json(403, { type: 'urn:bincard:problem:not_permitted' }));
  const refused = await send('/app/lock/new', entry);
  assert.equal(refused.status, 422);
  assert.doesNotMatch(refused.body, /the password|1379/);
  script.push(() => json(200, { user: 'kofi', people: ['ama', 'kofi'] }));
  assert.equal(leadsTo(await send('/app/lock/new', entry)), '/app');
  assert.match((await open('/app')).body, /Signed in: kofi/);
  // A forgotten PIN: the password, online, and a new one.
  await lock();
  const kofi = await personRow('kofi');
  assert.match((await open(`/app/lock/${kofi?.id}/password`)).body, /choose a new PIN/);
  script.push(() => Promise.reject(new TypeError('Failed to fetch')));
  assert.match((await send(`/app/lock/${kofi?.id}/password`, { ...entry, pin: '4826', again: '4826' })).body, /no connection/);
  script.push(() => json(200, { user: 'kofi', people: ['ama', 'kofi'] }));
  assert.equal(leadsTo(await send(`/app/lock/${kofi?.id}/password`, { ...entry, pin: '4826', again: '4826' })), '/app');
});
