/** What to order: which products, how much in whole packs, the most pressing first, by program, on paper and as a file. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { csv, toOrder } from '../../pwa/worker/reorder.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { clinic, open } from './support/clinic.js';

/** @import { CardView, Level, Product } from '../../pwa/worker/types.js' */

const level = (/** @type {string} */ product, /** @type {Partial<Level>} */ more = {}) => ({
  product, amc: 100, months_reported: 3, minimum: 100, maximum: 350, order_point: 50, minimum_months: 100, maximum_months: 350, as_of: '2026-10', ...more,
});
const product = (/** @type {string} */ code, pack_size = 10) => /** @type {Product} */ ({ code, name: `Name ${code}`, dispensing_unit: 'tablet', pack_size, category: '', programs: [], active: true, cold_chain: false, controlled: false });
const card = (/** @type {string} */ code, /** @type {number} */ on_hand, expiry = '2030-01-31') => /** @type {CardView} */ ({ facility: 'F1', product: code, lot: 'L', expiry, location: '', account: '', on_hand, provisional: false, counted_at: null, moved_at: null, vvm: null });

test('what is below its minimum or order point, by urgency, with what is missing in whole packs', () => {
  const catalogue = ['FULL', 'LOW', 'EMPTY', 'VERY', 'UNKNOWN', 'LOWER', 'MINUS', 'UNUSED'].map((code) => product(code));
  const cards = [card('FULL', 100), card('LOW', 99), card('VERY', 20), card('VERY', 29, '2026-11-21'), card('LOWER', 60), card('MINUS', -4), card('UNKNOWN', 0)];
  const levels = new Map(catalogue.filter(({ code }) => code !== 'UNKNOWN').map(({ code }) => [code, level(code)]));
  levels.set('UNUSED', level('UNUSED', { amc: 0, minimum: 0, maximum: 0, order_point: 0 }));
  const shipments = [{ id: 's', source: 'W1', reference: '', issued_at: '', state: /** @type {const} */ ('expected'), lines: [{ line: 0, product: 'LOW', lot: 'L', expiry: null, quantity: 40, received: false }, { line: 1, product: 'LOW', lot: 'M', expiry: null, quantity: 7, received: true }] }];
  const found = toOrder({ catalogue, cards, levels, shipments }, '2026-11-22');
  assert.deepEqual(found.map(({ row, urgency, on_hand, unfit, months, order, packs, coming }) => [row.code, urgency, on_hand, unfit, months, order, packs, coming]), [
    ['EMPTY', 'out', 0, 0, 0, 350, 35, 0], ['MINUS', 'out', -4, 0, 0, 360, 36, 0], ['VERY', 'emergency', 49, 29, 5, 310, 31, 0], ['LOWER', 'low', 60, 0, 6, 290, 29, 0], ['LOW', 'low', 99, 0, 10, 260, 26, 40],
  ]);
  const alone = (/** @type {Partial<Level>} */ more, pack = 1) => toOrder({ catalogue: [product('A', pack)], cards: [], levels: new Map([['A', level('A', more)]]), shipments: [] }, '2026-11-22').map(({ order }) => order);
  assert.deepEqual([alone({}, 144), alone({ maximum: null }), alone({ amc: null }), alone({ minimum: null, maximum: 350, order_point: null })], [[432], [], [], []]);
});

test('a file that a spreadsheet reads and takes nothing in it for a formula', () => {
  assert.equal(csv([['Name', 'On "hand"'], ['=1+1', 7], ['-2', -3.5]]), '\ufeff"Name","On ""hand"""\r\n"\'=1+1",7\r\n"\'-2",-3.5\r\n');
});

beforeEach(async () => {
  await clinic();
  const db = await database();
  for (const [code, programs] of /** @type {[string, string[]][]} */ ([['AMOX', ['EM']], ['ZINC', ['MCH']]])) await db.put('product', { ...(await db.get('product', code)), programs }, code);
  await db.put('program', { code: 'EM', name: 'Essential <medicines>' }, 'EM');
  await db.put('program', { code: 'MCH', name: 'Mother and child' }, 'MCH');
});

async function levels() {
  const db = await database();
  for (const [code, more] of /** @type {[string, Partial<Level>][]} */ ([['AMOX', {}], ['ZINC', { amc: 20, minimum: 20, maximum: 65, order_point: 10 }], ['PARA', {}]])) await db.put('level', level(code, more), code);
  revision.pulled += 1;
}

test('before anything is known the list says so; with enough of everything it says that', async () => {
  assert.match((await open('/app/more')).body, /href="\/app\/reorder"/);
  assert.match((await open('/app/reorder')).body, /Not known yet/);
  await (await database()).put('level', level('PARA'), 'PARA');
  revision.pulled += 1;
  assert.match((await open('/app/reorder')).body, /Nothing to order/);
});

test('the list, by program, each figure beside its words', async () => {
  await levels();
  const { body } = await open('/app/reorder');
  assert.match(body, /2 products[\s\S]*Zinc 20 mg[\s\S]*Out of stock[\s\S]*0 on hand[\s\S]*20 used in a month[\s\S]*0\.0 months[\s\S]*70<span class="row-unit">7 packs of 10[\s\S]*Amoxicillin[\s\S]*Low[\s\S]*64 on hand[\s\S]*4 of them must not be used[\s\S]*290<span class="row-unit">29 packs of 10[\s\S]*October 2026/);
  assert.doesNotMatch(body, /Paracetamol/);
  const one = (await open('/app/reorder?program=EM')).body;
  assert.match(one, /aria-current="page">Essential &lt;medicines&gt;[\s\S]*1 product, with[\s\S]*Amoxicillin/);
  assert.doesNotMatch(one, /Zinc/);
  assert.match((await open('/app/reorder?program=nonsense')).body, /2 products/);
});

test('the same to print, and as a file', async () => {
  await levels();
  assert.match((await open('/app/reorder/sheet?program=EM')).body, /Riverside[\s\S]*What to order: Essential &lt;medicines&gt;[\s\S]*Amoxicillin[\s\S]*29<\/td><td class="number">290[\s\S]*data-print/);
  const file = await open('/app/reorder.csv?program=MCH');
  assert.equal(file.headers['Content-Disposition'], 'attachment; filename="order-F1-2026-11-22.csv"');
  assert.match(file.headers['Content-Type'] ?? '', /^text\/csv/);
  assert.deepEqual(file.body.trimEnd().split('\r\n').slice(1), ['"Zinc 20 mg","ZINC","tablet",0,20,0,0,10,7,70']);
});
