/** The screens of home and the count, by function call: what they show, what they save, what they keep. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { drafts } from '../../pwa/worker/store.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

beforeEach(clinic);

/** @param {Record<string, string>} [choice] @returns {Promise<string>} address of a new count */
async function begun(choice = { scope: 'cards', book: 'shown' }) {
  return leadsTo(await send('/app/count', choice));
}

/** @param {[string, string, string][]} rows lot, expiry, typed @param {string} [go] @returns {[string, string][]} */
function entry(rows, go = 'save') {
  return [...rows.flatMap(([lot, expiry, typed]) => /** @type {[string, string][]} */ ([
    ['card', JSON.stringify([lot, '', ''])], ['expiry', expiry], ['counted', typed],
  ])), ['go', go]];
}

test('home shows who is signed in and where, and the tasks of their rights', async () => {
  const { status, body } = await open('/app');
  assert.equal(status, 200);
  assert.match(body, /<h1[^>]*>Riverside<\/h1>/);
  assert.match(body, /Signed in: ama/);
  for (const address of ['/app/count', '/app/receive', '/app/issue', '/app/adjust', '/app/stock']) assert.ok(body.includes(`class="tile" href="${address}"`));
  assert.match(body, /1 product is out of stock/);
});

test('an unfinished count is offered on home', async () => {
  const count = await begun();
  assert.ok((await open('/app')).body.includes(`href="${count}"`));
  await send(`${count}/finish`, {});
  assert.ok(!(await open('/app')).body.includes(`href="${count}"`));
});

test('a count of the cards goes through what has a card here, by name', async () => {
  const { body } = await open(await begun());
  assert.match(body, /0 of 3 counted/);
  assert.match(body, /AMOX[\s\S]*PARA[\s\S]*ZINC/);
  assert.doesNotMatch(body, /NEW/);
});

test('a count of a category needs the category', async () => {
  const refused = await send('/app/count', { scope: 'category', category: '' });
  assert.equal(refused.status, 422);
  assert.match(refused.body, /Choose the category to count\./);
  assert.match((await open(await begun({ scope: 'category', category: 'Malaria' }))).body, /0 of 1 counted/);
});

test('the book stands beside the lots, but not in a blind count', async () => {
  assert.match((await open(`${await begun()}/item/AMOX`)).body, /On the book: 50/);
  const blind = await begun({ scope: 'cards', book: 'hidden' });
  assert.doesNotMatch((await open(`${blind}/item/AMOX`)).body, /On the book/);
  assert.doesNotMatch((await open(blind)).body, /on the book/);
});

test('expired and soon expiring lots are told in words', async () => {
  const { body } = await open(`${await begun()}/item/AMOX`);
  assert.match(body, /Expired 31 Oct 2026/);
  assert.match(body, /Expires soon: 31 Dec 2026/);
  assert.match(body, /Expires 31 Jan 2028/);
});

test('a saved item is one operation with a line a lot, and leads to the next item', async () => {
  const count = await begun();
  const next = leadsTo(await send(`${count}/item/AMOX`, entry([['OLD', '2026-10-31', '4'], ['SOON', '2026-12-31', '3×3'], ['LATE', '2028-01-31', '0']])));
  assert.equal(next, `${count}/item/PARA?done=AMOX`);
  const [operation, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.equal(operation?.kind, 'stock.count');
  assert.equal(operation?.occurred_at, operation?.recorded_at);
  assert.deepEqual(operation?.body, { session: count.split('/').at(-1), lines: [
    { product: 'AMOX', lot: { number: 'OLD', expiry: '2026-10-31' }, counted: 4 },
    { product: 'AMOX', lot: { number: 'SOON', expiry: '2026-12-31' }, counted: 9 },
    { product: 'AMOX', lot: { number: 'LATE', expiry: '2028-01-31' }, counted: 0 },
  ] });
  const after = await open(next);
  assert.match(after.body, /Saved: 13, Amoxicillin 250 mg/);
  assert.match(after.body, /1 of 3 counted/);
});

test('names are escaped', async () => {
  const { body } = await open(`${await begun()}/item/PARA`);
  assert.match(body, /Paracetamol &lt;500 mg&gt;/);
  assert.doesNotMatch(body, /<500/);
});

test('a negative count is refused where it was made, with what was typed kept, and nothing is saved', async () => {
  const count = await begun();
  const refused = await send(`${count}/item/AMOX`, entry([['OLD', '2026-10-31', '4'], ['SOON', '2026-12-31', '-9'], ['LATE', '2028-01-31', '5']]));
  assert.equal(refused.status, 422);
  assert.match(refused.body, /A number cannot be below 0\. If there is none, enter 0\./);
  assert.match(refused.body, /value="-9"[^>]*aria-invalid="true"/);
  assert.match(refused.body, /value="5"/);
  assert.deepEqual(await saved(), []);
});

test('a lot without a figure is asked about, and saved as 0 when one says that there is none', async () => {
  const count = await begun();
  const rows = /** @type {[string, string, string][]} */ ([['OLD', '2026-10-31', ''], ['SOON', '2026-12-31', '10'], ['LATE', '2028-01-31', '']]);
  const asked = await send(`${count}/item/AMOX`, entry(rows));
  assert.equal(asked.status, 422);
  assert.match(asked.body, /2 lots of the book have no figure/);
  assert.deepEqual(await saved(), []);
  leadsTo(await send(`${count}/item/AMOX`, entry(rows, 'zero')));
  assert.deepEqual((await saved())[0]?.body.lines.map((/** @type {any} */ line) => line.counted), [0, 10, 0]);
});

test('what is half typed is kept for the item, and gone once the item is saved', async () => {
  const count = await begun();
  const rows = /** @type {[string, string, string][]} */ ([['OLD', '2026-10-31', '1'], ['SOON', '2026-12-31', '3×'], ['LATE', '2028-01-31', '']]);
  assert.equal((await send(`${count}/item/AMOX/draft`, entry(rows))).status, 204);
  assert.match((await open(`${count}/item/AMOX`)).body, /value="3×"/);
  leadsTo(await send(`${count}/item/AMOX`, entry([['OLD', '2026-10-31', '1'], ['SOON', '2026-12-31', '3'], ['LATE', '2028-01-31', '2']])));
  assert.deepEqual(await drafts('count-entry/'), []);
});

test('a lot that is not on the list is added, its month meaning the last day', async () => {
  const count = await begun();
  const page = leadsTo(await send(`${count}/item/PARA`, entry([['P1', '2028-06-30', '12']], 'lot')));
  assert.equal(page, `${count}/item/PARA/lot`);
  assert.equal(leadsTo(await send(page, { number: 'B7', expiry: '02/28' })), `${count}/item/PARA`);
  const { body } = await open(`${count}/item/PARA`);
  assert.match(body, /Lot B7/);
  assert.match(body, /name="expiry" value="2028-02-29"/);
  assert.match(body, /value="12"/);
});

for (const [number, expiry, words] of /** @type {[string, string, RegExp][]} */ ([
  ['', '04/27', /Enter the lot number\./], ['B7', '13/27', /There is no such date\./], ['B7', '', /Enter the expiry that is printed/], ['B7', '04/99', /Is it really what the label says\?/], ['B7', 'soon', /Enter the expiry as month and year/],
])) {
  test(`a lot "${number}" that expires "${expiry}" is refused`, async () => {
    const count = await begun();
    const refused = await send(`${count}/item/PARA/lot`, { number, expiry });
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
  });
}

test('the summary tells what is short and over against the book before, and the count ends', async () => {
  const count = await begun();
  await send(`${count}/item/PARA`, entry([['P1', '2028-06-30', '990']]));
  await send(`${count}/item/ZINC`, entry([['', '', '5']]));
  const { body } = await open(`${count}/summary`);
  assert.match(body, /10 short/);
  assert.match(body, /Book 1,000/);
  assert.match(body, /First count/);
  assert.match(body, /One item is not counted yet/);
  assert.equal(leadsTo(await send(`${count}/finish`, {})), `${count}/summary`);
  assert.match((await open(`${count}/summary`)).body, /Finished 22 Nov 2026/);
  assert.equal(leadsTo(await open(count)), `${count}/summary`);
  assert.equal(leadsTo(await send(`${count}/item/AMOX`, entry([['OLD', '2026-10-31', '4']]))), `${count}/summary`);
});

test('a product outside the count is found by the search and joins it when counted', async () => {
  const count = await begun();
  assert.match((await open(`${count}?q=quin`)).body, /Products outside this count are added/);
  leadsTo(await send(`${count}/item/NEW`, entry([['', '', '7']])));
  assert.match((await open(count)).body, /1 of 4 counted/);
});

test('a count that is not on this device is not found', async () => {
  assert.equal((await open('/app/count/nothing')).status, 404);
  assert.equal((await open('/app/count/nothing/summary')).status, 404);
  assert.equal((await open(`${await begun()}/item/nothing`)).status, 404);
});
