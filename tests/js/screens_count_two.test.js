/** A count by two people on one tablet: who sees what, what is saved when, and what becomes of figures that differ. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { agree, asOfNow } from '../../pwa/worker/screens/count_pair.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';
import { asUser, begun, busyClinic, entry } from './support/counting.js';

beforeEach(busyClinic);

const TWO = { scope: 'cards', book: 'shown', people: 'two' };
/** @param {string} n @returns {[string, string, string][]} */
const para = (n) => [['P1', '2028-06-30', n]];

/** Ama has counted paracetamol as `n`. @param {string} n @returns {Promise<string>} the count */
async function firstDone(n) {
  const count = await begun(TWO);
  leadsTo(await send(`${count}/item/PARA`, entry(para(n))));
  return count;
}

test('the first figure is kept and not sent; the second person sees neither it nor the book', async () => {
  const count = await firstDone('990');
  assert.deepEqual(await saved(), []);
  const mine = await open(`${count}?show=all`);
  assert.match(mine.body, /0 of 3 counted by two/);
  assert.match(mine.body, /1 waits for the second person/);
  assert.match(mine.body, /\b990\b/);
  await asUser('kofi');
  for (const page of [await open(`${count}?show=all`), await open(`${count}/item/PARA`), await open(`${count}/summary`)]) {
    assert.doesNotMatch(page.body, /\b990\b|1,000|On the book/);
  }
  assert.match((await open(`${count}?show=all`)).body, /Counted once, ama/);
  assert.match((await open(`${count}/item/PARA`)).body, /The second count, after ama: only what you see\./);
  assert.match((await open(`${count}/item/AMOX`)).body, /On the book: 50/, 'nobody has counted this one yet');
});

test('each goes through what the other has counted, never twice through the same', async () => {
  const count = await begun(TWO);
  let next = leadsTo(await send(`${count}/item/AMOX`, entry([['OLD', '2026-10-31', '4'], ['SOON', '2026-12-31', '10'], ['LATE', '2028-01-31', '50']])));
  assert.equal(next, `${count}/item/PARA?done=AMOX`);
  assert.match((await open(next)).body, /Kept for the second person: 64, Amoxicillin/);
  await send(`${count}/item/PARA`, entry(para('1000')));
  next = leadsTo(await send(`${count}/item/ZINC`, entry([['', '', '0']])));
  assert.equal(next, `${count}?done=ZINC`);
  assert.match((await open(next)).body, /You have counted what there is\. 3 products wait for a second person/);
  await asUser('kofi');
  assert.match((await open(count)).body, new RegExp(`href="${count}/item/AMOX"[^>]*>.*Count the next`, 's'));
});

test('where both agree it is saved once, by the second, and both are named', async () => {
  const count = await firstDone('1000');
  await asUser('kofi');
  leadsTo(await send(`${count}/item/PARA`, entry(para('1000'))));
  const [operation, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.equal(/** @type {any} */ (operation).author, 'kofi');
  assert.deepEqual(operation?.body.lines, [{ product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, counted: 1000 }]);
  const { body } = await open(`${count}?show=all`);
  assert.match(body, /1 of 3 counted by two/);
  assert.match(body, /kofi and ama/);
});

test('where they differ both figures are shown, nothing is saved, and one is chosen', async () => {
  const count = await firstDone('990');
  await asUser('kofi');
  const next = leadsTo(await send(`${count}/item/PARA`, entry(para('980'))));
  assert.equal(next, `${count}/item/PARA/decide`);
  assert.deepEqual(await saved(), []);
  const { body } = await open(next);
  assert.match(body, /ama[\s\S]*kofi[\s\S]*990[\s\S]*980/);
  assert.equal(leadsTo(await open(`${count}/item/PARA`)), next, 'no third figure beside the two');
  assert.match((await open(`${count}/summary`)).body, /The two counts differ/);
  assert.equal((await send(next, {})).status, 422);
  leadsTo(await send(next, { right: '0' }));
  assert.deepEqual((await saved())[0]?.body.lines.map((/** @type {any} */ line) => line.counted), [990]);
  assert.equal(leadsTo(await send(next, { right: '1' })), `${count}/item/PARA`, 'decided already');
  assert.equal((await saved()).length, 1);
});

test('or it is counted anew by both', async () => {
  const count = await firstDone('990');
  await asUser('kofi');
  const next = leadsTo(await send(`${count}/item/PARA`, entry(para('980'))));
  assert.equal(leadsTo(await send(next, { right: 'neither' })), `${count}/item/PARA`);
  await send(`${count}/item/PARA`, entry(para('985')));
  await asUser('ama');
  leadsTo(await send(`${count}/item/PARA`, entry(para('985'))));
  assert.deepEqual((await saved()).map(({ body }) => body.lines[0].counted), [985]);
});

test('who counted first may correct the figure, and is no second person', async () => {
  const count = await firstDone('990');
  assert.match((await open(`${count}/item/PARA`)).body, /You have counted this: 990/);
  leadsTo(await send(`${count}/item/PARA`, entry(para('1000'))));
  assert.deepEqual(await saved(), []);
  await asUser('kofi');
  leadsTo(await send(`${count}/item/PARA`, entry(para('1000'))));
  assert.equal((await saved()).length, 1);
});

test('what is dispensed between the two counts makes no difference between them', async () => {
  const count = await firstDone('1000');
  await append('stock.issue', { destination: { ward: 'Ward' }, lines: [{ product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, quantity: 30 }] });
  await asUser('kofi');
  leadsTo(await send(`${count}/item/PARA`, entry(para('970'))));
  assert.deepEqual((await saved()).filter(({ kind }) => kind === 'stock.count').map(({ body }) => body.lines[0].counted), [970]);
});

test('a figure that is chosen later has what moved meanwhile taken off', async () => {
  const count = await firstDone('990');
  await asUser('kofi');
  const next = leadsTo(await send(`${count}/item/PARA`, entry(para('980'))));
  await append('stock.issue', { destination: { ward: 'Ward' }, lines: [{ product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, quantity: 30 }] });
  leadsTo(await send(next, { right: '0' }));
  assert.equal((await saved()).at(-1)?.body.lines[0].counted, 960);
});

test('a large difference that both saw is asked why before it is saved', async () => {
  const count = await firstDone('700');
  await asUser('kofi');
  const why = leadsTo(await send(`${count}/item/PARA`, entry(para('700'))));
  assert.equal(why, `${count}/item/PARA/why`);
  assert.deepEqual(await saved(), []);
  assert.equal(leadsTo(await open(`${count}/item/PARA`)), why);
  assert.equal(leadsTo(await send(`${count}/item/PARA/decide`, { right: '0' })), `${count}/item/PARA`, 'there is nothing to decide');
  leadsTo(await send(why, [['reason', 'lost'], ['quantity', '300'], ['reason', ''], ['quantity', ''], ['go', 'save']]));
  assert.deepEqual((await saved())[0]?.body.lines[0].reasons, [{ reason: 'lost', quantity: -300 }]);
});

test('a large difference that two saw may be counted anew instead', async () => {
  const count = await firstDone('700');
  await asUser('kofi');
  const why = leadsTo(await send(`${count}/item/PARA`, entry(para('700'))));
  assert.match((await open(why)).body, /name="right" value="neither"/);
  assert.equal(leadsTo(await send(`${count}/item/PARA/decide`, { right: 'neither' })), `${count}/item/PARA`);
  assert.match((await open(`${count}/item/PARA`)).body, /On the book: 1,000/);
});

test('a finished count says what two people left open, and that it was not saved', async () => {
  const count = await firstDone('990');
  leadsTo(await send(`${count}/finish`, {}));
  assert.match((await open(`${count}/summary`)).body, /One product was counted by one person only\. It is not saved/);
  assert.deepEqual(await saved(), []);
});

test('half typed figures of one person are not shown to the other', async () => {
  const count = await begun(TWO);
  await send(`${count}/item/PARA/draft`, entry(para('777')));
  await asUser('kofi');
  assert.doesNotMatch((await open(`${count}/item/PARA`)).body, /value="777"/);
  await asUser('ama');
  assert.match((await open(`${count}/item/PARA`)).body, /value="777"/);
});

/** @param {string} lot @param {number | null} book @param {number} counted */
const line = (lot, book, counted) => ({ lot, expiry: null, location: '', account: '', book, counted });

for (const [name, one, other, same] of /** @type {[string, any[], any[], boolean][]} */ ([
  ['the same', [line('X', 5, 5)], [line('X', 5, 5)], true],
  ['the same difference of another book', [line('X', 5, 4)], [line('X', 3, 2)], true],
  ['another figure', [line('X', 5, 4)], [line('X', 5, 5)], false],
  ['a lot that only one saw', [line('X', 5, 5)], [line('X', 5, 5), line('Y', null, 2)], false],
  ['a lot that only one named, as none', [line('X', 5, 5)], [line('X', 5, 5), line('Y', null, 0)], true],
  ['the total alone', [line('X', 5, 4), line('Y', 5, 6)], [line('X', 5, 6), line('Y', 5, 4)], false],
])) test(`two counts: ${name}`, () => assert.equal(agree(one, other), same));

test('a figure as of now is never below 0', async () => {
  await clinic();
  const card = { facility: 'F1', product: 'A', lot: 'X', expiry: null, location: '', account: '', on_hand: 2, provisional: false, counted_at: null, moved_at: null };
  assert.deepEqual(asOfNow([line('X', 50, 10)], [card]).map(({ counted, book }) => [counted, book]), [[0, 2]]);
});
