/** Shelves and bins: the list, adding, renaming, taking out of use, and where they are offered. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { alike, codeFault, nameTaken, stands } from '../../pwa/worker/screens/location_rules.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

beforeEach(clinic);

const TOLD = [Date.parse('2026-11-10'), '0192f0aa-0000-7000-8000-00000000aaaa'];
const toMove = { card: '["P1","",""]', quantity: '200', other: '' };

test('before there is any shelf the screen teaches, and the first one is added', async () => {
  assert.match((await open('/app/more')).body, /href="\/app\/locations"/);
  assert.match((await open('/app/locations')).body, /No shelves yet/);
  const at = leadsTo(await send('/app/locations/new', { code: ' A3 ', name: ' Fridge <1> ' }));
  const [operation] = await saved();
  assert.deepEqual([operation?.kind, operation?.body], ['location.set', { code: 'A3', name: 'Fridge <1>', active: true }]);
  assert.match((await open(at)).body, /Saved on this device[\s\S]*Fridge &lt;1&gt;[\s\S]*A3[\s\S]*Nothing lies there/);
});

test('a shelf that was added is where stock is moved to and counted; the code stands for a missing name', async () => {
  leadsTo(await send('/app/locations/new', { code: 'A3', name: '' }));
  leadsTo(await send('/app/locations/new', { code: 'B1', name: 'Bin 1' }));
  assert.match((await open('/app/move/PARA')).body, /<option value="A3">A3<\/option>\s*<option value="B1">Bin 1/);
  leadsTo(await send('/app/move/PARA', { ...toMove, to: 'B1' }));
  assert.match((await open('/app/locations')).body, /A3[\s\S]*Nothing lies there[\s\S]*Bin 1[\s\S]*1 lot lies there/);
  assert.match((await open('/app/locations/at/B1')).body, /href="\/app\/stock\/PARA"[\s\S]*Lot P1[\s\S]*200/);
  assert.match((await open('/app/count')).body, /<option value="B1">Bin 1 \(1 item\)/);
});

test('a shelf is renamed, taken out of use and used again; its code stays', async () => {
  await (await database()).put('location', { code: 'B1', name: 'Bin', active: true, told: TOLD }, '["B1"]');
  revision.pulled += 1;
  leadsTo(await send('/app/locations/at/B1', { name: 'Bin by the door' }));
  leadsTo(await send('/app/locations/at/B1/retire', {}));
  assert.match((await open('/app/locations')).body, /No shelves yet[\s\S]*Used no more[\s\S]*Bin by the door/);
  assert.doesNotMatch((await open('/app/move/PARA')).body, /Bin by the door/);
  leadsTo(await send('/app/locations/at/B1/use', {}));
  assert.match((await open('/app/move/PARA')).body, /Bin by the door/);
  assert.deepEqual((await saved()).map(({ body }) => body), [
    { code: 'B1', name: 'Bin by the door', active: true }, { code: 'B1', name: 'Bin by the door', active: false }, { code: 'B1', name: 'Bin by the door', active: true },
  ]);
});

test('one with stock on it is taken out of use when one says so, and says what becomes of the stock', async () => {
  leadsTo(await send('/app/locations/new', { code: 'B1', name: 'Bin 1' }));
  leadsTo(await send('/app/move/PARA', { ...toMove, to: 'B1' }));
  const asked = await send('/app/locations/at/B1/retire', {});
  assert.equal(asked.status, 422);
  assert.match(asked.body, /1 lot still lies there[\s\S]*name="sure" value="yes"/);
  assert.equal((await saved()).length, 2);
  leadsTo(await send('/app/locations/at/B1/retire', { sure: 'yes' }));
  assert.match((await open('/app/locations')).body, /Used no more[\s\S]*Bin 1[\s\S]*1 lot lies there/);
  // What still lies there can be moved away, and back as long as something is left.
  assert.match((await open('/app/move/PARA')).body, /Bin 1/);
});

test('where stock lies that nobody put on the list, it is shown and can be put there', async () => {
  leadsTo(await send('/app/move/PARA', { ...toMove, to: '', other: 'Ward א' }));
  assert.match((await open('/app/locations')).body, /Ward א[\s\S]*1 lot lies there[\s\S]*Not on the list yet/);
  const at = `/app/locations/at/${encodeURIComponent('Ward א')}`;
  assert.doesNotMatch((await open(at)).body, /out of use/);
  leadsTo(await send(at, { name: 'Cupboard of the ward' }));
  assert.doesNotMatch((await open('/app/locations')).body, /Not on the list yet/);
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ code: ' ', name: 'X' }, /Enter the code that stands on the shelf/], [{ code: 'b1', name: 'X' }, /This code is on the list already/], [{ code: 'Ｂ１', name: 'X' }, /This code is on the list already/],
  [{ code: 'C1', name: ' bin  1' }, /Another shelf is called so/], [{ code: 'bin 1', name: '' }, /Another shelf is called so/],
])) {
  test(`a shelf is refused: ${words.source} ${JSON.stringify(fields)}`, async () => {
    await append('location.set', { code: 'B1', name: 'Bin 1', active: true });
    const refused = await send('/app/locations/new', fields);
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.ok(refused.body.includes(`value="${fields.code?.trim()}"`));
    assert.equal((await saved()).length, 1);
  });
}

test('another one\'s name is refused, one\'s own is not; a shelf that there is not', async () => {
  await append('location.set', { code: 'B1', name: 'Bin 1', active: true });
  await append('location.set', { code: 'B2', name: 'Bin 2', active: true });
  const refused = await send('/app/locations/at/B2', { name: 'BIN 1' });
  assert.match(refused.body, /Another shelf is called so[\s\S]*/);
  assert.ok(refused.body.includes('value="BIN 1"'));
  leadsTo(await send('/app/locations/at/B2', { name: 'Bin 2' }));
  for (const reply of [await open('/app/locations/at/nowhere'), await send('/app/locations/at/nowhere/retire', {})]) assert.equal(reply.status, 404);
});

test('places that look alike are one; those used no more leave their names free', () => {
  const of = (/** @type {string} */ code, name = '', active = true, named = true) => ({ code, name, active, named, lots: 0 });
  assert.equal(alike(' Shelf   A '), alike('shelf a'));
  assert.deepEqual([codeFault('', []), codeFault('A', [of('a')]), codeFault('B', [of('a')]), codeFault('w', [of('W', '', true, false)])], ['empty', 'taken', null, null]);
  assert.deepEqual([nameTaken('Bin', 'X', [of('B', 'bin')]), nameTaken('Bin', 'B', [of('B', 'bin')]), nameTaken('Bin', 'X', [of('B', 'bin', false)]), nameTaken('', 'X', [of('B')])], [true, false, false, false]);
  const card = (/** @type {string} */ location, on_hand = 1) => /** @type {any} */ ({ location, on_hand });
  assert.deepEqual(stands([{ code: 'B', name: 'Bin', active: true }], [card('B'), card('B', -2), card('Z'), card('Gone', 0), card('')]).map(({ code, named, lots }) => [code, named, lots]), [['B', true, 2], ['Z', false, 1]]);
});
