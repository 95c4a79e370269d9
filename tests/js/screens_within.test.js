/** Within the facility: a kit unpacked, stock moved between places, and what one uses most at the top of the lists. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { knownPlaces } from '../../pwa/worker/screens/move_product.js';
import { beginning, scaled } from '../../pwa/worker/screens/unpack_draft.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { patchMirror } from '../../pwa/worker/store/mirror.js';
import { drafts } from '../../pwa/worker/store.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

beforeEach(async () => {
  await clinic();
  const db = await database();
  await db.put('product', { code: 'KIT', name: 'Malaria kit', category: 'Kits', dispensing_unit: 'kit', pack_size: 1, programs: [], active: true }, 'KIT');
  for (const [lot, on_hand] of /** @type {[string, number][]} */ ([['K1', 3], ['K2', 5]])) {
    await db.put('card', { facility: 'F1', product: 'KIT', lot, location: '', account: 'donor', on_hand, version: 1, counted: null, last: [1, '0192f0aa-0000-7000-8000-00000000aaaa'] }, `F1|KIT|${lot}`);
    await db.put('lot', { facility: 'F1', product: 'KIT', number: lot, expiry: lot === 'K1' ? '2027-03-31' : '2027-09-30' }, `F1|KIT|${lot}`);
  }
  revision.pulled += 1;
  await patchMirror([], true);
});

const K1 = '["K1","","donor"]';
const K2 = '["K2","","donor"]';
const rows = (/** @type {string} */ body) => [...body.matchAll(/<span class="code">([A-Z0-9]+)<\/span>/g)].map(([, code]) => code);

test('a kit is unpacked in one operation, and the next one is filled in', async () => {
  assert.match((await open('/app/unpack/KIT')).body, /Lot K1[\s\S]*Lot K2/);
  assert.equal(leadsTo(await send('/app/unpack/KIT', { card: K1, kits: '2' })), '/app/unpack/KIT/contents');
  assert.match((await open('/app/unpack/KIT/contents')).body, /What is in it\?/);
  leadsTo(await send('/app/unpack/KIT/add/NEW', { number: 'Q1', expiry: '06/28', quantity: '20' }));
  leadsTo(await send('/app/unpack/KIT/add/PARA', { number: 'P1', expiry: '', quantity: '60' }));
  assert.match(leadsTo(await send('/app/unpack/KIT/contents', {})), /^\/app\/unpacked\?id=.*&lines=3$/);
  const [operation] = await saved();
  assert.deepEqual([operation?.kind, operation?.body], ['stock.unpack', {
    consumed: [{ product: 'KIT', lot: { number: 'K1', expiry: '2027-03-31' }, account: 'donor', quantity: 2 }],
    produced: [{ product: 'NEW', lot: { number: 'Q1', expiry: '2028-06-30' }, quantity: 20 }, { product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, quantity: 60 }],
  }]);
  assert.deepEqual(await drafts('unpack/'), []);

  await send('/app/unpack/KIT', { card: K1, kits: '1' });
  assert.match((await open('/app/unpack/KIT/contents')).body, /Quinine[\s\S]*Lot Q1[\s\S]*10[\s\S]*Paracetamol[\s\S]*Lot P1[\s\S]*30/);
  leadsTo(await send('/app/unpack/KIT/contents', {}));
  assert.deepEqual((await saved())[1]?.body.produced.map((/** @type {any} */ line) => line.quantity), [10, 30]);
  assert.match((await open('/app/stock/KIT')).body, /Unpacking/);
});

test('of kits of another lot the contents must be looked at', async () => {
  await send('/app/unpack/KIT', { card: K1, kits: '1' });
  await send('/app/unpack/KIT/add/NEW', { number: 'Q1', expiry: '06/28', quantity: '10' });
  await send('/app/unpack/KIT/contents', {});
  await send('/app/unpack/KIT', { card: K2, kits: '3' });
  const refused = await send('/app/unpack/KIT/contents', {});
  assert.equal(refused.status, 422);
  assert.match(refused.body, /another lot than the last ones[\s\S]*Enter its lot[\s\S]*30/);
  assert.match((await open('/app/unpack/KIT/line/0')).body, /value="30"[\s\S]*Not in these kits/);
  leadsTo(await send('/app/unpack/KIT/line/0', { number: 'Q2', expiry: '09/28', quantity: '30' }));
  leadsTo(await send('/app/unpack/KIT/contents', {}));
  assert.deepEqual((await saved())[1]?.body.produced, [{ product: 'NEW', lot: { number: 'Q2', expiry: '2028-09-30' }, quantity: 30 }]);
});

test('contents scale with the kits, and what was entered stays when the number is corrected', () => {
  const line = { product: 'A', lot: 'L', expiry: null, location: '', account: '', quantity: 7 };
  assert.deepEqual(scaled([line], 2, 3).map(({ quantity }) => quantity), [11]);
  assert.deepEqual(scaled([line], 100, 1).map(({ quantity }) => quantity), [1]);
  const card = { lot: 'K1', expiry: null, location: '', account: '' };
  const kept = beginning({ card, kits: 4 }, { card, kits: 2, lines: [line], changes: 5 }, null);
  assert.deepEqual([kept.lines[0]?.quantity, kept.changes], [14, 6]);
});

test('wrong entries of an unpacking are told where they were made', async () => {
  assert.match((await send('/app/unpack/KIT', { card: '', kits: '1' })).body, /Choose the lot/);
  assert.match((await send('/app/unpack/KIT', { card: K1, kits: '0' })).body, /Enter 1 or more/);
  assert.match((await send('/app/unpack/KIT', { card: K1, kits: '4' })).body, /takes away 1 more than the book shows/);
  leadsTo(await send('/app/unpack/KIT', { card: K1, kits: '4', sure: 'yes' }));
  assert.match((await send('/app/unpack/KIT/add/NEW', { number: 'Q1', expiry: '31/02/2028', quantity: '1' })).body, /There is no such date/);
  await send('/app/unpack/KIT/add/NEW', { number: 'Q1', expiry: '06/28', quantity: '1' });
  leadsTo(await send('/app/unpack/KIT/line/0/remove', {}));
  assert.equal(leadsTo(await send('/app/unpack/KIT/contents', {})), '/app/unpack/KIT/contents');
  assert.equal((await open('/app/unpack/nothing')).status, 404);
  assert.equal(leadsTo(await open('/app/unpack/AMOX/contents')), '/app/unpack/AMOX');
  assert.deepEqual(await saved(), []);
});

test('stock is moved to another place of the facility and back; nothing else changes', async () => {
  assert.match((await open('/app/stock/PARA')).body, /href="\/app\/move\/PARA"/);
  const at = leadsTo(await send('/app/move/PARA', { card: '["P1","",""]', quantity: '200', to: '', other: 'Fridge 2' }));
  assert.deepEqual((await saved())[0]?.body, { lines: [{ product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, quantity: 200, to: { location: 'Fridge 2' } }] });
  assert.match((await open(at)).body, /The move is saved on this device[\s\S]*1,000[\s\S]*800[\s\S]*Fridge 2[\s\S]*200/);
  assert.match((await open('/app/move/PARA')).body, /<option value="Fridge 2">Fridge 2/);
  leadsTo(await send('/app/move/PARA', { card: '["P1","Fridge 2",""]', quantity: '50', to: '~', other: '' }));
  assert.deepEqual((await saved())[1]?.body.lines[0], { product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, location: 'Fridge 2', quantity: 50, to: {} });
  assert.match((await open('/app/stock/PARA')).body, /850[\s\S]*Fridge 2[\s\S]*150/);
});

test('a move keeps whose it is, and is undone', async () => {
  leadsTo(await send('/app/move/KIT', { card: K1, quantity: '3', to: '', other: 'Ward <A>' }));
  const [{ id, body }] = /** @type {any[]} */ (await saved());
  assert.deepEqual(body.lines[0].to, { location: 'Ward <A>', account: 'donor' });
  await append('stock.reverse', { operation: id, reason: '' });
  assert.doesNotMatch((await open('/app/stock/KIT')).body, /Ward &lt;A&gt;/);
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ card: '', to: '', other: 'X' }, /Choose what is moved/], [{ to: '', other: '' }, /Choose where it goes/], [{ to: '~', other: '' }, /It is there already/],
  [{ quantity: '0', other: 'X' }, /Enter 1 or more/], [{ quantity: '1001', other: 'X' }, /takes away 1 more than the book shows/],
])) {
  test(`a move is refused: ${words.source} ${JSON.stringify(fields)}`, async () => {
    const refused = await send('/app/move/PARA', { card: '["P1","",""]', quantity: '5', to: '', other: '', ...fields });
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.deepEqual(await saved(), []);
  });
}

test('what is half typed of a move is kept; nothing to move is told', async () => {
  assert.equal((await send('/app/move/PARA/draft', { card: '["P1","",""]', quantity: '7', to: '', other: 'Shelf אבג' })).status, 204);
  assert.match((await open('/app/move/PARA')).body, /value="Shelf אבג"[\s\S]*value="7"/);
  assert.match((await open('/app/move/ZINC')).body, /None on the shelf/);
  assert.equal((await open('/app/move/nothing')).status, 404);
});

test('places are those registered and in use, and those that stock lies at', () => {
  const at = (/** @type {string} */ location, on_hand = 1) => /** @type {any} */ ({ location, on_hand });
  const registered = [{ code: 'B', name: 'Bin B', active: true }, { code: 'O', name: 'Old', active: false }, { code: 'H', name: 'Held', active: false }];
  assert.deepEqual(knownPlaces(registered, [at('H'), at('Wild'), at('Gone', 0), at('')]).map(({ name }) => name), ['Bin B', 'Held', 'Wild']);
});

test('the products used last for a task come first, before them the favourites', async () => {
  await send('/app/issue', { type: 'ward', 'name-ward': 'OPD', date: '2026-11-22' });
  await send('/app/issue/product/PARA', { quantity: '1' });
  await send('/app/issue/save', {});
  await send('/app/issue', { type: 'ward', 'name-ward': 'OPD', date: '2026-11-22' });
  assert.equal(rows((await open('/app/issue/product')).body)[0], 'PARA');
  assert.equal(leadsTo(await send('/app/stock/NEW/favourite', {})), '/app/stock/NEW');
  assert.match((await open('/app/stock/NEW')).body, /aria-pressed="true"/);
  assert.deepEqual([(await saved()).at(-1)?.kind, (await saved()).at(-1)?.body], ['person.set', { key: 'favourites', value: ['NEW'] }]);
  assert.deepEqual(rows((await open('/app/issue/product')).body).slice(0, 2), ['NEW', 'PARA']);
  assert.equal(rows((await open('/app/stock')).body)[0], 'NEW');
  assert.equal(rows((await open('/app/stock?q=zinc')).body)[0], 'ZINC');
  await send('/app/stock/NEW/favourite', {});
  assert.equal(rows((await open('/app/issue/product')).body)[0], 'PARA');
});

test('the rarer tasks are behind one tile, and only those that one may do', async () => {
  assert.match((await open('/app')).body, /href="\/app\/more"/);
  assert.match((await open('/app/more')).body, /1 lot has expired[\s\S]*\/app\/transfer[\s\S]*\/app\/return[\s\S]*\/app\/move[\s\S]*\/app\/unpack/);
  await (await database()).put('user', { name: 'ama', rights: ['stock.view'] }, 'ama');
  revision.pulled += 1;
  assert.doesNotMatch((await open('/app/more')).body, /transfer|unpack/);
});
