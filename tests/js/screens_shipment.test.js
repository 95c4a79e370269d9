/** Receiving against a delivery that is expected: in one tap, or line by line with what differs and why. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { drafts, shipments } from '../../pwa/worker/store.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

const ID = '0192f0bb-0000-7000-8000-000000000001';
const AT = `/app/receive/shipment/${ID}`;
const LINES = [
  { line: 0, product: 'AMOX', lot: 'N1', expiry: '2028-04-30', quantity: 100, received: false }, { line: 1, product: 'PARA', lot: 'P7', expiry: '2029-01-31', quantity: 500, received: false },
  { line: 2, product: 'ZINC', lot: '', expiry: null, quantity: 30, received: false }, { line: 3, product: 'NEW', lot: 'OLDER', expiry: null, quantity: 1, received: true },
];
const REASONS = [['lost', 'debit', []], ['damaged', 'debit', ['damaged']], ['found', 'credit', ['found']], ['computer', 'debit', ['system']]];

beforeEach(async () => {
  await clinic();
  const db = await database();
  for (const [code, type, tags] of REASONS) await db.put('reason', { code, name: code, type, tags, active: true }, code);
  await db.put('shipment', { id: ID, source: 'W1', reference: 'DN 7', issued_at: '2026-11-20T09:00:00.000Z', lines: LINES, state: 'expected' }, ID);
  await db.put('shipment', { id: 'other', source: 'F2', reference: '', issued_at: '2026-11-21T09:00:00.000Z', lines: [LINES[3]], state: 'received' }, 'other');
  revision.pulled += 1;
});

const version = async () => /name="changes" value="(\d+)"/.exec((await open(AT)).body)?.[1] ?? '';
const save = async () => send(AT, { changes: await version(), date: '2026-11-22' });
const wire = (/** @type {string} */ product, /** @type {string} */ number, /** @type {string} */ expiry) => ({ product, lot: { number, expiry } });

test('what is expected comes first, and the way to what is not announced stays', async () => {
  const { body } = await open('/app/receive');
  assert.match(body, /Expected[\s\S]*Regional store[\s\S]*20 Nov 2026[\s\S]*DN 7[\s\S]*3 lines/);
  assert.doesNotMatch(body, /Hilltop/);
  assert.match(body, /href="\/app\/receive\?other=1"/);
  assert.match((await open('/app/receive?other=1')).body, /Where does it come from\?/);
});

test('all that was sent is received in one tap', async () => {
  const { body } = await open(AT);
  assert.match(body, /Amoxicillin[\s\S]*Lot N1[\s\S]*Sent: 100[\s\S]*Paracetamol[\s\S]*All came as sent: save/);
  assert.doesNotMatch(body, /OLDER/);
  assert.match(leadsTo(await save()), /^\/app\/receive\/saved\?id=.*&lines=3$/);
  const [operation, ...more] = await saved();
  assert.deepEqual(more, []);
  assert.deepEqual([operation?.kind, operation?.body], ['stock.receive', { source: { facility: 'W1' }, reference: 'DN 7', shipment: ID, lines: [
    { ...wire('AMOX', 'N1', '2028-04-30'), quantity: 100, shipped_quantity: 100 }, { ...wire('PARA', 'P7', '2029-01-31'), quantity: 500, shipped_quantity: 500 },
    { product: 'ZINC', lot: null, quantity: 30, shipped_quantity: 30 },
  ] }]);
  assert.deepEqual(await shipments(), []);
  assert.match((await open('/app/receive')).body, /Where does it come from\?/);
  assert.equal((await open(AT)).status, 404);
  assert.match((await open('/app/stock/AMOX')).body, /Lot N1[\s\S]*100/);
});

test('short, damaged, not come, too many, and not on the paper: each line with its reason, in one go', async () => {
  leadsTo(await send(`${AT}/line/0`, { came: '90', damaged: '3', difference: 'lost', damage: 'damaged' }));
  leadsTo(await send(`${AT}/line/1`, { came: '520', damaged: '', difference: 'found', damage: 'damaged' }));
  leadsTo(await send(`${AT}/line/2`, { came: '30', damaged: '', none: 'yes' }));
  leadsTo(await send(`${AT}/product/NEW`, { number: 'Q1', expiry: '06/28', quantity: '7' }));
  assert.match((await open(AT)).body, /10 short[\s\S]*3 damaged[\s\S]*20 too many[\s\S]*Did not come[\s\S]*Quinine[\s\S]*Not on the paper[\s\S]*1 line did not come\. It stays expected\.[\s\S]*Save the receipt/);
  leadsTo(await save());
  const [receipt, loss, ...more] = await saved();
  assert.deepEqual(more, []);
  assert.deepEqual(receipt?.body.lines, [
    { ...wire('AMOX', 'N1', '2028-04-30'), quantity: 90, shipped_quantity: 100, difference: 'lost' }, { ...wire('PARA', 'P7', '2029-01-31'), quantity: 520, shipped_quantity: 500, difference: 'found' },
    { ...wire('NEW', 'Q1', '2028-06-30'), quantity: 7, shipped_quantity: 0 },
  ]);
  assert.deepEqual([loss?.kind, loss?.body.lines], ['stock.adjust', [{ ...wire('AMOX', 'N1', '2028-04-30'), quantity: -3, reason: 'damaged' }]]);
  assert.match((await open('/app/stock/AMOX')).body, /Lot N1[\s\S]*87/);
  assert.deepEqual((await shipments())[0]?.lines.map(({ product }) => product), ['ZINC']);
  assert.match((await open('/app/receive')).body, /1 line</);
  assert.deepEqual(await drafts('shipment/'), []);
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ came: '90', difference: '' }, /Choose why fewer came/], [{ came: '90', difference: 'found' }, /Choose why fewer came/], [{ came: '110', difference: 'lost' }, /Choose why more came/],
  [{ came: '', difference: '' }, /Enter a number/], [{ came: '-1' }, /cannot be below 0/], [{ came: '10', damaged: '11', difference: 'lost', damage: 'damaged' }, /No more can be damaged than came/],
  [{ came: '100', damaged: '4', damage: '' }, /Choose the reason/], [{ came: '100', damaged: '4', damage: 'computer' }, /Choose the reason/], [{ came: '1000', difference: 'found' }, /1,000 is very much/],
])) {
  test(`a line is refused: ${words.source} ${JSON.stringify(fields)}`, async () => {
    const refused = await send(`${AT}/line/0`, { damaged: '', ...fields });
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.ok(refused.body.includes(`value="${fields.came}"`));
    assert.match((await open(AT)).body, /All came as sent/);
  });
}

test('a line put back as it was sent is no difference any more, and what is half typed is kept', async () => {
  await send(`${AT}/line/0`, { came: '90', damaged: '', difference: 'lost' });
  assert.match((await open(`${AT}/line/0`)).body, /value="90"[\s\S]*value="lost" selected/);
  assert.equal((await send(`${AT}/line/0/draft`, { came: '77', damaged: '5', difference: '', damage: '' })).status, 204);
  assert.match((await open(`${AT}/line/0`)).body, /value="77"[\s\S]*value="5"/);
  await send(`${AT}/line/0`, { came: '100', damaged: '', difference: 'lost' });
  assert.match((await open(AT)).body, /All came as sent/);
});

test('where nothing came nothing is saved; a day to come is refused; an extra line is removed again', async () => {
  for (const line of [0, 1, 2]) await send(`${AT}/line/${line}`, { came: '', none: 'yes' });
  const nothing = await save();
  assert.equal(nothing.status, 422);
  assert.match(nothing.body, /Nothing came, so there is nothing to save/);
  await send(`${AT}/product/NEW`, { number: 'Q1', expiry: '06/28', quantity: '7' });
  assert.match((await send(AT, { changes: await version(), date: '2026-11-23' })).body, /This day has not come yet/);
  await send(`${AT}/remove`, { extra: '0' });
  assert.doesNotMatch((await open(AT)).body, /Quinine/);
  assert.deepEqual(await saved(), []);
});

test('what another tab changed or saved meanwhile is not saved as it was', async () => {
  const shown = await version();
  await send(`${AT}/line/0`, { came: '90', damaged: '', difference: 'lost' });
  assert.match((await send(AT, { changes: shown, date: '2026-11-22' })).body, /another tab meanwhile/);
  await save();
  assert.equal((await send(AT, { changes: shown, date: '2026-11-22' })).status, 404);
  assert.equal((await send(`${AT}/line/0`, { came: '1' })).status, 404);
  assert.equal((await saved()).length, 1);
});

test('a receipt that is undone is expected again', async () => {
  leadsTo(await save());
  const [{ id }] = /** @type {any[]} */ (await saved());
  await append('stock.reverse', { operation: id, reason: '' });
  assert.equal((await shipments())[0]?.lines.length, 3);
});
