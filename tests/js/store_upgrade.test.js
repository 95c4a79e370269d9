/** A newer version of the app opens the stores of an older one, and an older one those of a newer: nothing is lost. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { openDB } from '../../pwa/vendor/idb.js';
import { append, flush, waiting } from '../../pwa/worker/outbox.js';
import { ENTITIES, close, database } from '../../pwa/worker/store/database.js';
import { getDraft, getMeta } from '../../pwa/worker/store/meta.js';
import { cardsView } from '../../pwa/worker/store.js';
import { DEVICE, FakeServer, START, enrolled, newDevice, records, restarted } from './support/device.js';

beforeEach(newDevice);

/** The stores as version 1 made them, frozen: never to be changed with the code. */
function versionOne() {
  return openDB('bincard', 1, {
    upgrade(db) {
      db.createObjectStore('meta');
      db.createObjectStore('draft');
      db.createObjectStore('staged', { autoIncrement: true });
      for (const entity of ['product', 'program', 'reason', 'facility', 'lot', 'user', 'exception', 'card']) db.createObjectStore(entity);
      const outbox = db.createObjectStore('outbox', { keyPath: 'id' });
      outbox.createIndex('device_seq', ['device', 'seq']);
      outbox.createIndex('state_seq', ['state', 'seq']);
      outbox.createIndex('state', 'state');
      outbox.createIndex('outcome', 'outcome');
      outbox.createIndex('answered_at', 'answered_at');
      outbox.createIndex('products', 'products', { multiEntry: true });
    },
  });
}

/** @param {number} seq @param {object} more what version 1 kept of an operation @returns {any} */
function recordOfVersionOne(seq, more) {
  const id = `0192f0c1-0000-7000-8000-00000000000${seq}`;
  const body = { destination: { ward: 'W' }, lines: [{ product: 'P1', lot: null, quantity: seq }] };
  const at = new Date(START).toISOString();
  const text = JSON.stringify({
    id, kind: 'stock.issue', version: 1, facility: 'F1', author: 'ama', recorded_at: at, occurred_at: at, offset_ms: 0, seen: 'c1', body,
  });
  return {
    id, seq, device: DEVICE, facility: 'F1', text, bytes: text.length, kind: 'stock.issue', author: 'ama', products: ['P1'],
    saved_at: START, occurred_at: START, effective_at: START, corrected_at: START, state: 'waiting', ...more,
  };
}

test('from version 1: what waits is sent byte for byte, what was answered, drafted and pulled is still there', async () => {
  const old = await versionOne();
  const kept = [
    recordOfVersionOne(1, { state: 'answered', outcome: 'applied', exceptions: [], answered_at: START }),
    recordOfVersionOne(2, {}), recordOfVersionOne(3, {}),
  ];
  for (const record of kept) await old.put('outbox', record);
  await old.put('meta', { user: 'ama', facility: 'F1', device: DEVICE, token: 't', device_name: 'Tablet', enrolled_at: START }, 'session');
  for (const [key, value] of Object.entries({ next_seq: 4, last_id: kept[2].id, epoch: 'epoch-1', pulled_epoch: 'epoch-1', covers: 1, cursor: 'c1', pulled_at: START, feed_version: 1 })) {
    await old.put('meta', value, key);
  }
  await old.put('draft', { counted: 3 }, 'count/1');
  await old.put('card', { facility: 'F1', product: 'P1', lot: '', location: '', account: '', on_hand: 100, counted: null, last: [START - 5, 'a'] }, 'F1/1');
  old.close();

  assert.deepEqual((await records()).map(({ text }) => text), kept.map(({ text }) => text));
  assert.equal(await waiting(), 2);
  assert.deepEqual(await getDraft('count/1'), { counted: 3 });
  assert.deepEqual((await cardsView()).map(({ on_hand }) => on_hand), [95]);
  const server = new FakeServer();
  server.expected = 2;
  server.serve();
  await append('stock.reverse', { operation: kept[1].id, reason: '' });
  assert.deepEqual((await cardsView()).map(({ on_hand }) => on_hand), [97]);
  await flush();
  assert.equal(await waiting(), 0);
  assert.deepEqual([...server.ledger.values()].slice(0, 2).map(({ text }) => text), [kept[1].text, kept[2].text]);
  assert.equal(await getMeta('next_seq'), 5);
});

test('the upgrade waits for an older worker only until that lets go, as it does at once', async () => {
  const old = await versionOne();
  old.addEventListener('versionchange', () => old.close());
  assert.equal((await database()).version, 4);
});

test('an upgraded store and a new one are the same', async () => {
  const shape = async () => {
    const db = await database();
    const tx = db.transaction('outbox');
    return { stores: [...db.objectStoreNames].sort(), indexes: [...tx.store.indexNames].sort() };
  };
  const fresh = await shape();
  assert.deepEqual(ENTITIES.filter((entity) => !fresh.stores.includes(entity)), []);
  await newDevice();
  (await versionOne()).close();
  assert.deepEqual(await shape(), fresh);
});

test('a worker that is older than its store goes on with it', async () => {
  await enrolled();
  await append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  await close();
  (await openDB('bincard', 7, { upgrade: (db) => { db.createObjectStore('of_a_newer_version'); } })).close();
  await restarted();
  assert.equal(await waiting(), 1);
  await append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'P1', lot: null, quantity: 1 }] });
  assert.equal(await waiting(), 2);
});
