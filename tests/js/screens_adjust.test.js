/** The adjust screens, by function call: a lot, a reason, a quantity, signed by the reason. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { offered } from '../../pwa/worker/screens/reason_words.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { drafts } from '../../pwa/worker/store.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

const REASONS = /** @type {any[]} */ ([
  { code: 'expired', name: 'Expired', type: 'debit', tags: ['expired'], active: true },
  { code: 'found', name: 'Found', type: 'credit', tags: [], active: true },
  { code: 'own', name: 'Eaten by <goats>', type: 'debit', tags: [], active: true },
  { code: 'old', name: 'No longer used', type: 'debit', tags: [], active: false },
  { code: 'computer_generated_debit', name: 'Computer', type: 'debit', tags: ['computer_generated', 'system'], active: true },
]);
const OLD = '["OLD","",""]';

beforeEach(async () => {
  await clinic();
  const db = await database();
  for (const reason of REASONS) await db.put('reason', reason, reason.code);
  revision.pulled += 1;
});

test('people are offered the reasons in use, not those of imports', () => {
  assert.deepEqual(offered(REASONS, 'debit').map(({ code }) => code), ['expired', 'own']);
  assert.deepEqual(offered(REASONS, 'credit').map(({ code }) => code), ['found']);
});

test('the form shows the lots with stock, and reasons by what they do, escaped', async () => {
  const { body } = await open('/app/adjust/AMOX');
  assert.match(body, /Lot OLD[\s\S]*Lot SOON[\s\S]*Lot LATE/);
  assert.match(body, /label="Takes away">[\s\S]*Eaten by &lt;goats&gt;[\s\S]*label="Adds">[\s\S]*Found/);
  assert.doesNotMatch(body, /No longer used|Computer/);
});

test('what expired is taken away', async () => {
  const at = leadsTo(await send('/app/adjust/AMOX', { card: OLD, reason: 'expired', quantity: '4' }));
  assert.match(at, /^\/app\/stock\/AMOX\?saved=[-0-9a-f]{36}$/);
  const [operation, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.equal(operation?.kind, 'stock.adjust');
  assert.deepEqual(operation?.body, { lines: [{ product: 'AMOX', lot: { number: 'OLD', expiry: '2026-10-31' }, quantity: -4, reason: 'expired' }] });
  assert.match((await open(at)).body, /The adjustment is saved on this device\.[\s\S]*Undo[\s\S]*−4/);
});

test('what was found is added, without a lot where the product has none', async () => {
  leadsTo(await send('/app/adjust/NEW', { card: '["","",""]', reason: 'found', quantity: '2×3' }));
  assert.deepEqual((await saved())[0]?.body.lines, [{ product: 'NEW', lot: null, quantity: 6, reason: 'found' }]);
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ card: '', reason: 'expired', quantity: '4' }, /Choose the lot\./], [{ card: '["NOT","",""]', reason: 'expired', quantity: '4' }, /Choose the lot\./],
  [{ card: OLD, reason: '', quantity: '4' }, /Choose the reason\./], [{ card: OLD, reason: 'computer_generated_debit', quantity: '4' }, /Choose the reason\./],
  [{ card: OLD, reason: 'expired', quantity: '0' }, /Enter 1 or more\./], [{ card: OLD, reason: 'expired', quantity: '-4' }, /cannot be below 0/],
  [{ card: OLD, reason: 'expired', quantity: '5' }, /takes away 1 more than the book shows/],
])) {
  test(`refused: ${words.source} ${JSON.stringify(fields)}`, async () => {
    const refused = await send('/app/adjust/AMOX', fields);
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.ok(refused.body.includes(`value="${fields.quantity}"`));
    assert.deepEqual(await saved(), []);
  });
}

test('more than the book shows can be taken away when one is sure', async () => {
  leadsTo(await send('/app/adjust/AMOX', { card: OLD, reason: 'own', quantity: '5', sure: 'yes' }));
  assert.equal((await saved())[0]?.body.lines[0].quantity, -5);
});

test('the reasons and products used last come first', async () => {
  await send('/app/adjust/PARA', { card: '["P1","",""]', reason: 'own', quantity: '4' });
  assert.match((await open('/app/adjust/AMOX')).body, /value="own"[\s\S]*value="expired"/);
});

test('far more than was ever there is asked about before it is added', async () => {
  const fields = { card: '["P1","",""]', reason: 'found', quantity: '10000' };
  assert.match((await send('/app/adjust/PARA', fields)).body, /is very much/);
  leadsTo(await send('/app/adjust/PARA', { ...fields, sure: 'yes' }));
});

test('what is half typed is kept until it is saved', async () => {
  assert.equal((await send('/app/adjust/AMOX/draft', { card: OLD, reason: 'own', quantity: '3×' })).status, 204);
  assert.match((await open('/app/adjust/AMOX')).body, /value="3×"/);
  leadsTo(await send('/app/adjust/AMOX', { card: OLD, reason: 'own', quantity: '3' }));
  assert.deepEqual(await drafts('adjust/'), []);
});

test('a product that the device does not have is not found', async () => {
  assert.equal((await open('/app/adjust/nothing')).status, 404);
  assert.equal((await send('/app/adjust/nothing', { card: '', reason: '', quantity: '' })).status, 404);
});
