/** The screens of receiving, issuing and the stock, by function call. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { LINES_MAX } from '../../pwa/worker/operation.js';
import { draftKey } from '../../pwa/worker/screens/movement_draft.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { getDraft, putDraft } from '../../pwa/worker/store.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

beforeEach(clinic);

const TODAY = '2026-11-22';
const RECEIPT = { type: 'facility', facility: 'W1', reference: 'DN 7', date: TODAY };
const ISSUE = { type: 'ward', 'name-ward': 'Maternity', date: TODAY };
const KEY = /** @type {(way: 'receive' | 'issue' | 'transfer' | 'return') => string} */ ((way) => draftKey(/** @type {any} */ ({ me: { facility: 'F1', user: 'ama' } }), way));

test('a receipt begins with the facility that supplies this one', async () => {
  const { body } = await open('/app/receive');
  assert.match(body, /<option value="W1" selected>Regional store/);
  assert.doesNotMatch(body, /<option value="F1"/);
  assert.match(body, /max="2026-11-22"/);
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ ...RECEIPT, date: '2026-11-23' }, /This day has not come yet/], [{ ...RECEIPT, date: '' }, /Enter the day/], [{ ...RECEIPT, facility: '' }, /Choose the facility/],
  [{ ...RECEIPT, facility: 'F1' }, /Choose the facility/], [{ ...RECEIPT, type: 'donor', 'name-donor': ' ' }, /Enter a name/],
])) {
  test(`a receipt is refused: ${words.source}`, async () => {
    const refused = await send('/app/receive', fields);
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.match(refused.body, /value="DN 7"/);
    assert.equal(await getDraft(KEY('receive')), undefined);
  });
}

test('a receipt of two lots is saved as one operation', async () => {
  assert.equal(leadsTo(await send('/app/receive', RECEIPT)), '/app/receive/lines');
  leadsTo(await send('/app/receive/product/AMOX', { number: 'N1', expiry: '04/28', quantity: '3×100' }));
  leadsTo(await send('/app/receive/product/AMOX', { number: 'N1', expiry: '04/28', quantity: '20' }));
  leadsTo(await send('/app/receive/product/NEW', { number: 'Q1', expiry: '15/06/2028', quantity: '7' }));
  assert.match((await open('/app/receive/lines')).body, /Amoxicillin 250 mg[\s\S]*320[\s\S]*Quinine/);
  assert.match(leadsTo(await send('/app/receive/save', {})), /^\/app\/receive\/saved\?id=[-0-9a-f]{36}&lines=2$/);
  const [operation, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.equal(operation?.kind, 'stock.receive');
  assert.equal(operation?.occurred_at, operation?.recorded_at);
  assert.deepEqual(operation?.body, { source: { facility: 'W1' }, reference: 'DN 7', lines: [
    { product: 'AMOX', lot: { number: 'N1', expiry: '2028-04-30' }, quantity: 320 },
    { product: 'NEW', lot: { number: 'Q1', expiry: '2028-06-15' }, quantity: 7 },
  ] });
  assert.equal(await getDraft(KEY('receive')), undefined);
  assert.match((await open('/app/stock/NEW')).body, /Lot Q1/);
});

test('a receipt dated back says when it happened', async () => {
  await send('/app/receive', { ...RECEIPT, date: '2026-11-20' });
  await send('/app/receive/product/NEW', { number: 'Q1', expiry: '06/28', quantity: '7' });
  await send('/app/receive/save', {});
  const [operation] = await saved();
  assert.equal(operation?.occurred_at, '2026-11-20');
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ number: 'N1', expiry: '04/28', quantity: '0' }, /Enter 1 or more/], [{ number: 'N1', expiry: '04/28', quantity: '-3' }, /cannot be below 0/], [{ number: 'N1', expiry: '04/28', quantity: '' }, /Enter a number/],
  [{ number: 'N1', expiry: '31/02/2028', quantity: '5' }, /There is no such date/], [{ number: 'N1', expiry: '', quantity: '5' }, /Enter the expiry that is printed/],
  [{ number: '', expiry: '04/28', quantity: '5' }, /Enter the lot number that has this expiry/],
  [{ number: 'N1', expiry: '04/24', quantity: '5' }, /already expired/], [{ number: '', expiry: '', quantity: '5' }, /Without a lot number/],
])) {
  test(`a line of a receipt is refused: ${words.source}`, async () => {
    await send('/app/receive', RECEIPT);
    const refused = await send('/app/receive/product/NEW', fields);
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.ok(refused.body.includes(`value="${fields.quantity}"`));
    assert.deepEqual((await getDraft(KEY('receive'))).lines, []);
  });
}

test('an expired lot can be received when one says that the date is right', async () => {
  await send('/app/receive', RECEIPT);
  leadsTo(await send('/app/receive/product/NEW', { number: 'N1', expiry: '04/24', quantity: '5', sure: 'yes' }));
  assert.equal((await getDraft(KEY('receive'))).lines[0].expiry, '2024-04-30');
});

test('a known lot needs no expiry', async () => {
  await send('/app/receive', RECEIPT);
  leadsTo(await send('/app/receive/product/PARA', { number: 'P1', expiry: '', quantity: '5' }));
  assert.equal((await getDraft(KEY('receive'))).lines[0].expiry, '2028-06-30');
});

test('half a line survives a closed tab', async () => {
  await send('/app/receive', RECEIPT);
  assert.equal((await send('/app/receive/product/NEW/draft', { number: 'HALF', expiry: '0', quantity: '1' })).status, 204);
  assert.match((await open('/app/receive/product/NEW')).body, /value="HALF"/);
});

test('a full receipt takes no more lines', async () => {
  await send('/app/receive', RECEIPT);
  const lines = Array.from({ length: LINES_MAX }, (_, i) => ({ product: 'NEW', lot: `L${i}`, expiry: null, location: '', account: '', quantity: 1 }));
  await putDraft(KEY('receive'), { ...(await getDraft(KEY('receive'))), lines });
  const refused = await send('/app/receive/product/NEW', { number: 'N1', expiry: '04/28', quantity: '5' });
  assert.equal(refused.status, 422);
  assert.match(refused.body, /This receipt is full/);
});

test('an issue takes the lots that expire first, leaves the expired one, and is saved as one operation', async () => {
  leadsTo(await send('/app/issue', ISSUE));
  assert.match((await open('/app/issue/product/AMOX')).body, /Taken in this order[\s\S]*SOON[\s\S]*LATE[\s\S]*Left out, for it must not be used:\s*OLD \(4, expired\)/);
  assert.equal(leadsTo(await send('/app/issue/product/AMOX', { quantity: '15' })), '/app/issue/lines');
  leadsTo(await send('/app/issue/save', {}));
  const [operation] = await saved();
  assert.equal(operation?.kind, 'stock.issue');
  assert.deepEqual(operation?.body, { destination: { ward: 'Maternity' }, lines: [
    { product: 'AMOX', lot: { number: 'SOON', expiry: '2026-12-31' }, quantity: 10 },
    { product: 'AMOX', lot: { number: 'LATE', expiry: '2028-01-31' }, quantity: 5 },
  ] });
  assert.match((await open('/app/issue')).body, /<option value="Maternity">/);
  assert.match((await open('/app/stock/AMOX')).body, /−15/);
});

test('an issue beyond the book is explained and can be saved', async () => {
  await send('/app/issue', ISSUE);
  await send('/app/issue/product/PARA', { quantity: '1003' });
  assert.match((await open('/app/issue/lines')).body, /3 more than the book shows/);
  leadsTo(await send('/app/issue/save', {}));
  assert.match((await open('/app/stock?q=para')).body, /Below zero: count it/);
});

test('other lots can be taken than the proposed ones', async () => {
  await send('/app/issue', ISSUE);
  await send('/app/issue/product/AMOX', { quantity: '15' });
  const fields = /** @type {[string, string][]} */ ([['card', '["OLD","",""]'], ['quantity', ''], ['card', '["SOON","",""]'], ['quantity', '0'], ['card', '["LATE","",""]'], ['quantity', '15']]);
  leadsTo(await send('/app/issue/product/AMOX/lots', fields));
  assert.deepEqual((await getDraft(KEY('issue'))).lines.map((/** @type {any} */ line) => [line.lot, line.quantity]), [['LATE', 15]]);
  const refused = await send('/app/issue/product/AMOX/lots', fields.map(([name, value]) => [name, name === 'quantity' ? '' : value]));
  assert.equal(refused.status, 422);
});

test('a product is taken off an issue again', async () => {
  await send('/app/issue', ISSUE);
  await send('/app/issue/product/AMOX', { quantity: '15' });
  leadsTo(await send('/app/issue/remove', { product: 'AMOX' }));
  assert.match((await open('/app/issue/lines')).body, /Nothing on this issue yet/);
  assert.equal(leadsTo(await send('/app/issue/save', {})), '/app/issue/lines');
  assert.deepEqual(await saved(), []);
});

test('steps of a receipt that was never begun lead to its beginning', async () => {
  for (const address of ['/app/receive/lines', '/app/receive/product', '/app/receive/product/AMOX', '/app/issue/product/AMOX/lots']) {
    assert.match(leadsTo(await open(address)), /^\/app\/(receive|issue)$/);
  }
});

test('the stock shows what has a card, and a search the whole catalogue', async () => {
  const all = (await open('/app/stock')).body;
  assert.doesNotMatch(all, /Quinine/);
  assert.match(all, /Amoxicillin[\s\S]*64[\s\S]*Zinc[\s\S]*Out of stock/);
  assert.match((await open('/app/stock?q=quinine')).body, /No card yet/);
  assert.match((await open('/app/stock?q=zzz')).body, /Nothing found/);
});

test('a search shows 30 rows, and 100 at most', async () => {
  const db = await database();
  for (let i = 0; i < 150; i += 1) await db.put('product', { code: `X${i}`, name: `Gloves ${i}`, dispensing_unit: 'pair', category: '', pack_size: 1, active: true }, `X${i}`);
  revision.pulled += 1;
  const rows = (/** @type {string} */ body) => body.split('<a class="row"').length - 1;
  const first = (await open('/app/stock?q=gloves')).body;
  assert.equal(rows(first), 30);
  assert.match(first, /href="\?q=gloves&amp;more=1"/);
  const more = (await open('/app/stock?q=gloves&more=1')).body;
  assert.equal(rows(more), 100);
  assert.match(more, /Only the first 100 are shown/);
});

test('a product that the device does not have is not found', async () => {
  assert.equal((await open('/app/stock/nothing')).status, 404);
});

test('the language is changed and stays, and the way back stays in the app', async () => {
  assert.equal(leadsTo(await send('/app/language', { language: 'fr', back: '/app/stock' })), '/app/stock');
  assert.equal(leadsTo(await send('/app/language', { language: 'en', back: 'https://elsewhere.example' })), '/app');
  assert.equal(leadsTo(await send('/app/language', { language: 'xx', back: '/application' })), '/app');
});

/** @param {Record<string, unknown>} row */
async function putLevel(row) {
  await (await database()).put('level', { amc: 100, months_reported: 3, minimum: 100, maximum: 300, order_point: 50, minimum_months: 100, maximum_months: 300, as_of: '2026-10', ...row }, String(row.product));
  revision.pulled += 1;
}

test('the stock card says what its figures mean and where each comes from', async () => {
  await putLevel({ product: 'AMOX' });
  const { body } = await open('/app/stock/AMOX');
  const text = body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  // 64 are on hand, packs are of 10.
  assert.match(text, /Low/);
  assert.match(text, /Used in a month 100 What was dispensed and issued in the last 3 reported months up to October 2026, on average\./);
  assert.match(text, /Months of stock 0\.6 64 on hand ÷ 100 used in a month\./);
  assert.match(text, /Should be between 100 – 300 .* 1 to 3 months of stock are planned: 100 used in a month × 1 and × 3\. Below 50 order at once/);
  assert.match(text, /To order 240 300 at most − 64 on hand\. Rounded up to whole packs of 10\./);
  const list = (await open('/app/stock?q=amox')).body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  assert.match(list, /AMOX Low 0\.6 months/);
});

test('below the emergency point, above the maximum, and without a plan', async () => {
  await putLevel({ product: 'AMOX', order_point: 65 });
  assert.match((await open('/app/stock/AMOX')).body, /Very low: order now/);
  await putLevel({ product: 'PARA', amc: 0, minimum: 0, maximum: 0, order_point: 0 });
  const much = (await open('/app/stock/PARA')).body;
  assert.match(much, /More than needed/);
  assert.match(much, /99\.9/);
  await putLevel({ product: 'PARA', minimum: null, maximum: null, order_point: null, minimum_months: null, maximum_months: null });
  assert.match((await open('/app/stock/PARA')).body, /No plan says how many months/);
});

test('a product whose consumption is not known says so', async () => {
  assert.match((await open('/app/stock/AMOX')).body, /not known here yet/);
  await putLevel({ product: 'AMOX', amc: null, months_reported: 0, minimum: null, maximum: null, order_point: null });
  assert.match((await open('/app/stock/AMOX')).body, /not known here yet/);
});
