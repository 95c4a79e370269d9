/** Stock that leaves: to wards used before, to other facilities with a note, back to the supplier; what is blocked or asked. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { outOfProportion } from '../../pwa/worker/screens/absurd.js';
import { noteNumber } from '../../pwa/worker/screens/movement_party.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';
import { START } from './support/device.js';

beforeEach(clinic);

const TODAY = '2026-11-22';
const WARD = { type: 'ward', 'name-ward': 'Maternity', date: TODAY };
const TRANSFER = { type: 'facility', facility: 'F2', reference: 'F1-7', date: TODAY };
const BACK = { type: 'facility', facility: 'W1', reference: '', date: TODAY };
/** @param {string} old @param {string} soon @returns {[string, string][]} */
const lots = (old, soon) => [['card', '["OLD","",""]'], ['quantity', old], ['card', '["SOON","",""]'], ['quantity', soon], ['card', '["LATE","",""]'], ['quantity', '']];

test('a transfer goes to a facility with the number of its note, which can be printed', async () => {
  const { body } = await open('/app/transfer');
  assert.match(body, new RegExp(`value="${noteNumber('F1', START)}"`));
  assert.doesNotMatch(body, /A ward or service|A supplier/);
  leadsTo(await send('/app/transfer', TRANSFER));
  leadsTo(await send('/app/transfer/product/AMOX', { quantity: '12' }));
  const at = leadsTo(await send('/app/transfer/save', {}));
  const [operation] = await saved();
  assert.deepEqual([operation?.kind, operation?.body], ['stock.issue', { destination: { facility: 'F2' }, reference: 'F1-7', lines: [
    { product: 'AMOX', lot: { number: 'SOON', expiry: '2026-12-31' }, quantity: 10 },
    { product: 'AMOX', lot: { number: 'LATE', expiry: '2028-01-31' }, quantity: 2 },
  ] }]);
  const done = (await open(at)).body;
  const [, note] = /href="(\/app\/note\/[^"]+)"/.exec(done) ?? [];
  assert.match(done, /The transfer is saved on this device[\s\S]*>Undo</);
  const paper = (await open(note ?? '')).body;
  assert.match(paper, /F1-7[\s\S]*Riverside \(F1\)[\s\S]*Hilltop \(F2\)[\s\S]*Amoxicillin[\s\S]*SOON[\s\S]*31 Dec 2026[\s\S]*10 tablet[\s\S]*LATE[\s\S]*2 tablet[\s\S]*Received by/);
  assert.match(paper, /data-print/);
});

test('what goes to a ward has no note, and another address none either', async () => {
  await send('/app/issue', { ...WARD, reference: 'kept from the other choice' });
  await send('/app/issue/product/PARA', { quantity: '5' });
  const at = leadsTo(await send('/app/issue/save', {}));
  assert.equal('reference' in ((await saved())[0]?.body ?? {}), false);
  assert.doesNotMatch((await open(at)).body, /\/app\/note\//);
  assert.equal((await open('/app/note/nothing')).status, 404);
});

test('a return names its purpose, offers the supplier first, and takes expired lots first', async () => {
  assert.match((await open('/app/return')).body, /<option value="W1" selected>/);
  await send('/app/return', BACK);
  leadsTo(await send('/app/return/product/AMOX', { quantity: '6' }));
  leadsTo(await send('/app/return/save', {}));
  await send('/app/return', { type: 'supplier', 'name-supplier': 'Ernest Chemists', reference: 'RN 1', date: TODAY });
  await send('/app/return/product/PARA', { quantity: '100' });
  leadsTo(await send('/app/return/save', {}));
  const [first, second] = await saved();
  assert.deepEqual(first?.body, { destination: { facility: 'W1' }, purpose: 'return', lines: [
    { product: 'AMOX', lot: { number: 'OLD', expiry: '2026-10-31' }, quantity: 4 }, { product: 'AMOX', lot: { number: 'SOON', expiry: '2026-12-31' }, quantity: 2 },
  ] });
  assert.deepEqual([second?.body.destination, second?.body.purpose, second?.body.reference], [{ supplier: 'Ernest Chemists' }, 'return', 'RN 1']);
  assert.deepEqual([/** @type {any} */ (first).version, /** @type {any} */ (second).version], [2, 2]);
});

test('an expired lot goes out only with a reason, and the reason goes along', async () => {
  await send('/app/issue', WARD);
  assert.match((await open('/app/issue/product/AMOX/lots')).body, /Why does a lot go out that must not be used\?/);
  const blocked = await send('/app/issue/product/AMOX/lots', [...lots('4', ''), ['override', '  ']]);
  assert.equal(blocked.status, 422);
  assert.match(blocked.body, /This lot must not be used[\s\S]*/);
  assert.match(blocked.body, /value="4"/);
  leadsTo(await send('/app/issue/product/AMOX/lots', [...lots('4', '1'), ['override', 'Only lot; doctor אורי agreed <ok>']]));
  assert.match((await open('/app/issue/lines')).body, /It goes out although it must not be used: Only lot; doctor אורי agreed &lt;ok&gt;/);
  leadsTo(await send('/app/issue/save', {}));
  assert.deepEqual((await saved())[0]?.body.lines, [
    { product: 'AMOX', lot: { number: 'OLD', expiry: '2026-10-31' }, quantity: 4, override: 'Only lot; doctor אורי agreed <ok>' },
    { product: 'AMOX', lot: { number: 'SOON', expiry: '2026-12-31' }, quantity: 1 },
  ]);
});

test('where every lot has expired nothing goes out by itself', async () => {
  await send('/app/issue', WARD);
  await send('/app/issue/product/AMOX/lots', [...lots('', '10'), ['card', '["LATE","",""]']]);
  leadsTo(await send('/app/issue/product/AMOX', { quantity: '60' }));
  leadsTo(await send('/app/issue/save', {}));
  await send('/app/issue', WARD);
  const refused = await send('/app/issue/product/AMOX', { quantity: '2' });
  assert.equal(refused.status, 422);
  assert.match(refused.body, /No lot of it may be used[\s\S]*href="\/app\/issue\/product\/AMOX\/lots"/);
});

test('ten times the most ever seen is asked about once, wherever it is typed', async () => {
  assert.deepEqual([outOfProportion(10, 1), outOfProportion(9, 1), outOfProportion(10, 0)], [true, false, false]);
  await send('/app/receive', { ...BACK, reference: 'DN 1' });
  const line = { number: 'P1', expiry: '', quantity: '10000' };
  const asked = await send('/app/receive/product/PARA', line);
  assert.equal(asked.status, 422);
  assert.match(asked.body, /10,000 is very much: the most ever seen of it here is 1,000/);
  leadsTo(await send('/app/receive/product/PARA', { ...line, sure: 'yes' }));
  await send('/app/receive/save', {});
  // Once saved it is the most ever seen.
  await send('/app/issue', WARD);
  leadsTo(await send('/app/issue/product/PARA', { quantity: '10000' }));
  assert.equal((await send('/app/issue/product/PARA', { quantity: '110000' })).status, 422);
  leadsTo(await send('/app/issue/product/PARA', { quantity: '110000', sure: 'yes' }));
});

test('wards used before are a tap away, in any script', async () => {
  for (const name of ['Maternity', 'أطفال', 'OPD: "front"']) {
    await send('/app/issue', { type: 'ward', 'name-ward': name, date: TODAY });
    await send('/app/issue/product/PARA', { quantity: '1' });
    leadsTo(await send('/app/issue/save', {}));
  }
  const { body } = await open('/app/issue');
  assert.match(body, /name="pick" value="ward:OPD: &quot;front&quot;">[\s\S]*value="ward:أطفال">[\s\S]*value="ward:Maternity">/);
  leadsTo(await send('/app/issue', { type: 'facility', facility: '', 'name-ward': '', date: TODAY, pick: 'ward:OPD: "front"' }));
  assert.match((await open('/app/issue/lines')).body, /To OPD: &quot;front&quot;/);
});

test('two tabs on one draft add to it, and it is saved once, as it was shown', async () => {
  await send('/app/issue', WARD);
  await Promise.all([send('/app/issue/product/PARA', { quantity: '5' }), send('/app/issue/product/AMOX', { quantity: '3' })]);
  const shown = /name="changes" value="(\d+)"/.exec((await open('/app/issue/lines')).body)?.[1] ?? '';
  assert.match((await open('/app/issue/lines')).body, /Paracetamol[\s\S]*Amoxicillin|Amoxicillin[\s\S]*Paracetamol/);
  await send('/app/issue/product/ZINC', { quantity: '1' });
  const changed = await send('/app/issue/save', { changes: shown });
  assert.equal(changed.status, 422);
  assert.match(changed.body, /another tab meanwhile[\s\S]*Zinc/);
  const now = /name="changes" value="(\d+)"/.exec(changed.body)?.[1] ?? '';
  const both = await Promise.all([send('/app/issue/save', { changes: now }), send('/app/issue/save', { changes: now })]);
  assert.equal((await saved()).length, 1);
  assert.deepEqual(both.map(({ status }) => status).sort(), [303, 422]);
});
