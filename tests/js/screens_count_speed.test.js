/** From one item of a count to the next nothing is read as a whole: not the catalogue, the cards, the outbox or the other counts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import FDBObjectStore from './vendor/fake-indexeddb/FDBObjectStore.js';
import { database } from '../../pwa/worker/store/database.js';
import { leadsTo, open, send } from './support/clinic.js';
import { begun, busyClinic, pulled } from './support/counting.js';

const PRODUCTS = 60;
const ITEMS = 5;
/** Few rows, whatever the size of the facility. */
const SMALL = ['shipment', 'exception', 'recall'];

/** @returns {Promise<void>} a clinic with many products, three lots each */
async function large() {
  await busyClinic();
  const tx = (await database()).transaction(['product', 'card', 'lot'], 'readwrite');
  for (let i = 0; i < PRODUCTS; i += 1) {
    const code = `X${String(i).padStart(4, '0')}`;
    void tx.objectStore('product').put({ code, name: `A ${code}`, category: '', dispensing_unit: 'tablet', pack_size: 10, programs: [], active: true }, code);
    for (const lot of ['1', '2', '3']) {
      const key = `F1|${code}|${lot}`;
      void tx.objectStore('card').put({ facility: 'F1', product: code, lot, location: '', account: '', on_hand: 10, version: 1, counted: null, last: [1, 'x'] }, key);
      void tx.objectStore('lot').put({ facility: 'F1', product: code, number: lot, expiry: '2028-01-31' }, key);
    }
  }
  await tx.done;
  await pulled();
}

/** @param {() => Promise<void>} work @returns {Promise<string[]>} the stores that it read as a whole */
async function readWhole(work) {
  /** @type {Set<string>} */
  const found = new Set();
  const { getAll, openCursor } = FDBObjectStore.prototype;
  FDBObjectStore.prototype.getAll = function wholly(/** @type {any[]} */ ...args) {
    if (args[0] === undefined) found.add(this.name);
    return getAll.apply(this, args);
  };
  FDBObjectStore.prototype.openCursor = function wholly(/** @type {any[]} */ ...args) {
    if (!args[0]) found.add(this.name);
    return openCursor.apply(this, args);
  };
  try {
    await work();
  } finally {
    Object.assign(FDBObjectStore.prototype, { getAll, openCursor });
  }
  return [...found];
}

for (const people of ['one', 'two']) {
  test(`${ITEMS} items, counted by ${people}`, async () => {
    await large();
    let address = '';
    const scanned = await readWhole(async () => {
      const count = await begun({ scope: 'cards', book: 'shown', people });
      await open(count);
      address = `${count}/item/X0000`;
      await open(address);
    });
    assert.ok(scanned.includes('card'), 'what is read at the start is noticed');
    const between = await readWhole(async () => {
      for (let i = 0; i < ITEMS; i += 1) {
        const form = (await open(address)).body;
        /** @type {[string, string][]} */
        const fields = [['seen', /name="seen" value="([^"]*)"/.exec(form)?.[1] ?? 'none'], ['go', 'save']];
        for (const lot of ['1', '2', '3']) fields.push(['card', JSON.stringify([lot, '', ''])], ['expiry', '2028-01-31'], ['counted', '10']);
        const next = leadsTo(await send(address.replace(/\?.*/, ''), fields));
        assert.match(next, new RegExp(`/item/X${String(i + 1).padStart(4, '0')}\\?done=`));
        address = next;
      }
    });
    assert.deepEqual(between.filter((name) => !SMALL.includes(name)), []);
  });
}
