/** Vaccine vial monitors: the stage of each lot, what it means for issues, and what is past the discard point. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { heatReason } from '../../pwa/worker/screens/vvm_product.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { patchMirror } from '../../pwa/worker/store/mirror.js';
import { clinic, leadsTo, open, RIGHTS, saved, send } from './support/clinic.js';

const TOLD = [Date.parse('2026-11-10'), '0192f0aa-0000-7000-8000-00000000aaaa'];
const A = '["A","",""]';
const B = '["B","Fridge",""]';

beforeEach(async () => {
  await clinic();
  const db = await database();
  await db.put('product', { code: 'OPV', name: 'Oral <polio> vaccine', category: 'Vaccines', dispensing_unit: 'vial', pack_size: 10, programs: [], active: true, cold_chain: true, uses_vvm: true }, 'OPV');
  await db.put('reason', { code: 'cold_chain_failure', name: 'Cold chain failure', type: 'debit', tags: ['damaged'], active: true }, 'cold_chain_failure');
  for (const [lot, location, expiry, on_hand, vvm] of /** @type {[string, string, string, number, number | null][]} */ ([['A', '', '2027-01-31', 30, null], ['B', 'Fridge', '2027-06-30', 20, 2]])) {
    await db.put('card', { facility: 'F1', product: 'OPV', lot, location, account: '', on_hand, version: 1, counted: null, last: TOLD, vvm, vvm_told: vvm && TOLD }, `F1|OPV|${lot}`);
    await db.put('lot', { facility: 'F1', product: 'OPV', number: lot, expiry }, `F1|OPV|${lot}`);
  }
  revision.pulled += 1;
  await patchMirror([], true);
});

test('the list shows the stage that each lot was seen at last, in a number, words and a drawing', async () => {
  assert.match((await open('/app/more')).body, /href="\/app\/vvm"/);
  const { body } = await open('/app/vvm');
  assert.match(body, /Oral &lt;polio&gt; vaccine[\s\S]*Lot B[\s\S]*<svg class="vvm vvm-2"[\s\S]*VVM 2: Use first[\s\S]*Lot A[\s\S]*Not looked at yet/);
  assert.doesNotMatch(body, /Amoxicillin/);
  assert.match((await open('/app/stock/OPV')).body, /VVM 2: Use first[\s\S]*href="\/app\/vvm\/OPV"/);
  assert.doesNotMatch((await open('/app/stock/PARA')).body, /VVM/);
});

test('the stages that are chosen are saved as one operation; a lot that is left out stays as it is', async () => {
  assert.match((await open('/app/vvm/OPV')).body, /Lot B · Fridge[\s\S]*Seen last:[\s\S]*VVM 2[\s\S]*name="stage-0" value="1"[\s\S]*Lot A[\s\S]*name="stage-1" value="4"/);
  const at = leadsTo(await send('/app/vvm/OPV', [['card', B], ['card', A], ['stage-1', '1']]));
  const [operation, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.deepEqual([operation?.kind, operation?.body], ['stock.inspect', { lines: [{ product: 'OPV', lot: { number: 'A', expiry: '2027-01-31' }, vvm: 1 }] }]);
  assert.match((await open(at)).body, /saved on this device[\s\S]*Lot B[\s\S]*VVM 2[\s\S]*Lot A[\s\S]*VVM 1: Good/);
});

test('an issue takes stage 2 first though it expires later, and nothing past the discard point', async () => {
  await send('/app/issue', { type: 'ward', 'name-ward': 'Vaccination', date: '2026-11-22' });
  assert.match((await open('/app/issue/product/OPV')).body, /Taken in this order[\s\S]*Lot B[\s\S]*VVM 2[\s\S]*Lot A/);
  leadsTo(await send('/app/vvm/OPV', [['card', B], ['card', A], ['stage-0', '3']]));
  const { body } = await open('/app/issue/product/OPV');
  assert.match(body, /Taken in this order[\s\S]*Lot A[\s\S]*Left out, for it must not be used:\s*B \(20, VVM past the discard point\)/);
  leadsTo(await send('/app/vvm/OPV', [['card', A], ['stage-0', '4']]));
  const refused = await send('/app/issue/product/OPV', { quantity: '5' });
  assert.equal(refused.status, 422);
  assert.match(refused.body, /No lot of it may be used/);
  assert.match((await open('/app/stock?q=polio')).body, /None may be used/);
  // By hand, and only with a reason.
  const blocked = await send('/app/issue/product/OPV/lots', [['card', A], ['quantity', '5']]);
  assert.match(blocked.body, /VVM 4: Do not use[\s\S]*This lot must not be used/);
  leadsTo(await send('/app/issue/product/OPV/lots', [['card', A], ['quantity', '5'], ['override', 'For training <only>']]));
  assert.match((await open('/app/issue/lines')).body, /although it must not be used: For training &lt;only&gt;/);
});

test('what is past the discard point is told plainly and written off, filled in', async () => {
  const at = leadsTo(await send('/app/vvm/OPV', [['card', B], ['stage-0', '3']]));
  const { body } = await open(at);
  const [, url] = /Past the discard point: do not use[\s\S]*Lot B · Fridge[\s\S]*href="(\/app\/adjust\/OPV\?[^"]+)"/.exec(body) ?? [];
  assert.match((await open((url ?? '').replaceAll('&amp;', '&'))).body, /value="\[&quot;B&quot;[^>]*checked[\s\S]*value="cold_chain_failure" selected[\s\S]*value="20"/);
  leadsTo(await send('/app/adjust/OPV', { card: B, reason: 'cold_chain_failure', quantity: '20' }));
  assert.doesNotMatch((await open('/app/vvm/OPV')).body, /Past the discard point/);
});

for (const [fields, words] of /** @type {[[string, string][], RegExp][]} */ ([
  [[['card', A]], /Choose the stage of one lot at least/], [[['card', A], ['stage-0', '5']], /Choose the stage of one lot at least/], [[['card', 'nonsense'], ['stage-0', '1']], /Choose the stage of one lot at least/],
  [[['card', A], ['card', B], ['stage-0', '2'], ['stage-1', '1']], /never gets lighter, but Lot B · Fridge was seen darker/],
])) {
  test(`stages are refused: ${words.source} ${JSON.stringify(fields)}`, async () => {
    const refused = await send('/app/vvm/OPV', fields);
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.deepEqual(await saved(), []);
  });
}

test('a stage that was seen wrongly before is put right when one says so; the choice is kept meanwhile', async () => {
  assert.match((await send('/app/vvm/OPV', [['card', B], ['stage-0', '1']])).body, /name="stage-0" value="1" checked/);
  leadsTo(await send('/app/vvm/OPV', [['card', B], ['stage-0', '1'], ['sure', 'yes']]));
  assert.match((await open('/app/vvm')).body, /Lot B[\s\S]*VVM 1/);
});

test('nothing with a monitor, another product, no right', async () => {
  assert.equal((await open('/app/vvm/AMOX')).status, 404);
  assert.equal((await open('/app/vvm/nothing')).status, 404);
  await (await database()).put('user', { name: 'ama', rights: RIGHTS.filter((right) => right !== 'stock.inspect') }, 'ama');
  revision.pulled += 1;
  assert.doesNotMatch((await open('/app/more')).body, /\/app\/vvm/);
  assert.doesNotMatch((await open('/app/stock/OPV')).body, /\/app\/vvm/);
  await clinic();
  assert.match((await open('/app/vvm')).body, /Nothing to check/);
  assert.doesNotMatch((await open('/app/more')).body, /\/app\/vvm/);
});

test('the reason for what the cold chain spoiled', () => {
  const reason = (/** @type {string} */ code, /** @type {'debit' | 'credit'} */ type, /** @type {string[]} */ tags) => ({ code, name: code, type, tags });
  assert.equal(heatReason([reason('broken', 'debit', ['damaged']), reason('cold_chain_failure', 'debit', [])])?.code, 'cold_chain_failure');
  assert.equal(heatReason([reason('more', 'credit', ['damaged']), reason('broken', 'debit', ['damaged'])])?.code, 'broken');
  assert.equal(heatReason([]), undefined);
});
