/** What is counted, and why: shelves, programs, what is proposed today, the sheet on paper, and a count that is left and taken up. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { propose } from '../../pwa/worker/screens/count_proposal.js';
import { shelves, toCount } from '../../pwa/worker/screens/count_scope.js';
import { drafts, getDraft, putDraft } from '../../pwa/worker/store.js';
import { database } from '../../pwa/worker/store/database.js';
import { leadsTo, open, saved, send } from './support/clinic.js';
import { asUser, begun, busyClinic, entry, pulled, putCard } from './support/counting.js';
import { START, restarted, wait } from './support/device.js';

/** @import { CardView, Product } from '../../pwa/worker/types.js' */

beforeEach(busyClinic);

const DAY = 86_400_000;

/** @param {string} product @param {number} on_hand @param {Partial<CardView>} [more] @returns {CardView} */
const card = (product, on_hand, more = {}) => ({ facility: 'F1', product, lot: 'L', expiry: null, location: '', account: '', on_hand, provisional: false, counted_at: null, moved_at: null, ...more });
/** @param {string} code @param {Partial<Product>} [more] */
const row = (code, more = {}) => /** @type {Product} */ ({ code, name: code, category: '', programs: [], pack_size: 10, ...more });

test('a shelf holds what the book has on it, a program what belongs to it', () => {
  const catalogue = [row('A', { programs: ['FP'] }), row('B'), row('C', { programs: ['FP', 'EPI'] })];
  const cards = [card('A', 3, { location: 'S1' }), card('B', 0, { location: 'S1' }), card('C', 4, { location: 'S1', lot: 'M' }), card('C', 1)];
  assert.deepEqual(toCount(catalogue, cards, { scope: 'shelf', name: 'S1' }), ['A', 'C']);
  assert.deepEqual(toCount(catalogue, cards, { scope: 'shelf', name: '' }), ['C']);
  assert.deepEqual(toCount(catalogue, cards, { scope: 'program', name: 'FP' }), ['A', 'C']);
  assert.deepEqual(shelves(cards, [{ code: 'S1', name: 'By the door' }]), [{ name: '', label: '', items: 1 }, { name: 'S1', label: 'By the door', items: 2 }]);
  assert.deepEqual(shelves([card('A', 3)], []), [], 'where nothing is on a shelf there are no shelves');
});

test('a count of one shelf shows and saves what stands there, and leaves the other shelves alone', async () => {
  await putCard('AMOX', 'HIGH', 30, { location: 'Top shelf' });
  assert.match((await open('/app/count')).body, /<option value="Top shelf">Top shelf \(1 item\)/);
  assert.match((await send('/app/count', { scope: 'shelf', shelf: '' })).body, /Choose the shelf to count\./);
  assert.equal((await send('/app/count', { scope: 'shelf', shelf: 'Nowhere' })).status, 422);
  const count = await begun({ scope: 'shelf', shelf: 'Top shelf' });
  assert.match((await open(count)).body, /0 of 1 counted[\s\S]*Shelf: Top shelf[\s\S]*AMOX[\s\S]*>30</);
  const { body } = await open(`${count}/item/AMOX`);
  assert.match(body, /Lot HIGH/);
  assert.doesNotMatch(body, /Lot LATE/);
  const form = [['card', JSON.stringify(['HIGH', 'Top shelf', ''])], ['expiry', '2028-01-31'], ['counted', '30'], ['go', 'lot']];
  const added = leadsTo(await send(`${count}/item/AMOX`, /** @type {[string, string][]} */ (form)));
  leadsTo(await send(added, { number: 'NEWLOT', expiry: '04/28' }));
  assert.match((await open(`${count}/item/AMOX`)).body, /\[&quot;NEWLOT&quot;,&quot;Top shelf&quot;,&quot;&quot;\]/);
  leadsTo(await send(`${count}/item/AMOX`, [...form.slice(0, 3), ['go', 'save']].map(([name, value]) => [name ?? '', value ?? ''])));
  assert.deepEqual((await saved())[0]?.body.lines, [{ product: 'AMOX', lot: { number: 'HIGH', expiry: '2028-01-31' }, counted: 30, location: 'Top shelf' }]);
});

test('goods on no shelf are a scope of their own where there are shelves', async () => {
  await putCard('AMOX', 'HIGH', 30, { location: 'Top shelf' });
  const count = await begun({ scope: 'shelf', shelf: '-' });
  assert.match((await open(count)).body, /0 of 2 counted[\s\S]*On no shelf/);
  assert.doesNotMatch((await open(`${count}/item/AMOX`)).body, /HIGH/);
});

test('a count of a program', async () => {
  const db = await database();
  await db.put('program', { code: 'MAL', name: 'Malaria control' }, 'MAL');
  await db.put('product', { ...(await db.get('product', 'NEW')), programs: ['MAL'] }, 'NEW');
  await pulled();
  assert.match((await send('/app/count', { scope: 'program', program: '' })).body, /Choose the program to count\./);
  assert.match((await open(await begun({ scope: 'program', program: 'MAL' }))).body, /0 of 1 counted[\s\S]*Malaria control[\s\S]*NEW/);
});

/** @param {Partial<Parameters<typeof propose>[0]>} known */
const proposed = (known) => propose({ catalogue: ['A', 'B', 'C'].map((code) => row(code)), cards: [], problems: [], touches: new Map(), ...known }, START);

test('proposed: what is in doubt comes first, each with its reason', () => {
  const fresh = START - 2 * DAY;
  assert.deepEqual(proposed({ cards: [card('A', 5, { counted_at: fresh }), card('B', -2, { counted_at: fresh }), card('C', 9, { counted_at: fresh })],
    problems: [{ product: 'C', code: 'count_overlap', at: START - DAY }, { product: 'B', code: 'negative_stock', at: START - DAY }] }), [
    { product: 'B', causes: [{ why: 'below' }] }, { product: 'C', causes: [{ why: 'problem', code: 'count_overlap' }] },
  ]);
});

test('proposed: not a problem that a count since then has settled, nor one that a count does not settle', () => {
  const cards = [card('A', 5, { counted_at: START - DAY })];
  assert.deepEqual(proposed({ cards, problems: [{ product: 'A', code: 'negative_stock', at: START - 2 * DAY }, { product: 'A', code: 'lot_expiry', at: START }] }), []);
});

test('proposed: what moved often since its last count', () => {
  const times = Array.from({ length: 12 }, (_, i) => START - i * 3600_000);
  const counted = [card('A', 5, { counted_at: START - DAY }), card('B', 5, { counted_at: START - 3 * 3600_000 - 1 })];
  assert.deepEqual(proposed({ cards: counted, touches: new Map([['A', times], ['B', times]]) }), [{ product: 'A', causes: [{ why: 'busy', times: 12 }] }]);
});

test('proposed: never counted, and not for long; a product is as old as its oldest card', () => {
  const cards = [card('A', 5), card('B', 5, { counted_at: START - 200 * DAY }), card('B', 5, { counted_at: START - DAY, lot: 'M' }), card('C', 0)];
  assert.deepEqual(proposed({ cards }).map(({ product, causes }) => [product, causes[0]]), [['A', { why: 'never' }], ['B', { why: 'long', days: 200 }]]);
});

test('proposed: what is worth the most where prices are known, else the most', () => {
  const monthly = { counted_at: START - 40 * DAY };
  const catalogue = [row('A', { pack_price_minor: 250, pack_price_currency: 'EUR' }), row('B', { pack_price_minor: 9, pack_price_currency: 'EUR' }), row('C')];
  const cards = [card('A', 100, monthly), card('B', 9999, { counted_at: START - 5 * DAY }), card('C', 70, monthly)];
  assert.deepEqual(proposed({ catalogue, cards }), [{ product: 'A', causes: [{ why: 'value', minor: 2500, currency: 'EUR', days: 40 }] }]);
  assert.deepEqual(proposed({ cards }).map(({ product, causes }) => [product, causes]), [['A', [{ why: 'most', days: 40 }]], ['C', [{ why: 'most', days: 40 }]]]);
});

test('the proposal tells its reasons, and all of it or some is counted', async () => {
  await putCard('NEW', 'N1', -5);
  await putCard('PARA', 'P1', 1000, { counted: START - DAY, expiry: '2028-06-30' });
  for (let i = 0; i < 10; i += 1) await append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, quantity: 1 }] });
  const { body } = await open('/app/count/today');
  assert.match(body, /3 products, and why/);
  assert.match(body, /Quinine[\s\S]*The book shows less than none\.[\s\S]*Amoxicillin[\s\S]*Never counted\.[\s\S]*Paracetamol[\s\S]*Moved 10 times here since its last count\./);
  assert.match((await send('/app/count/today', { book: 'shown' })).body, /Choose at least one product\./);
  const count = leadsTo(await send('/app/count/today', [['product', 'PARA'], ['product', 'NEW'], ['product', 'no such'], ['book', 'hidden']]));
  await putCard('PARA', 'P1', 988, { counted: START - 40 * DAY, expiry: '2028-06-30' });
  assert.match((await open('/app/count/today')).body, /Among the largest stocks here\. Counted 40 days ago\./);
  const list = (await open(count)).body;
  assert.match(list, /0 of 2 counted[\s\S]*Chosen products[\s\S]*Paracetamol[\s\S]*Quinine/);
  assert.doesNotMatch(list, /on the book/);
});

test('nothing is proposed where all was counted', async () => {
  const db = await database();
  for (const key of await db.getAllKeys('card')) await db.put('card', { ...(await db.get('card', key)), counted: [START - DAY, 'x'] }, key);
  await pulled();
  assert.match((await open('/app/count/today')).body, /Nothing asks for a count today/);
});

test('the sheet has each lot with its expiry and the book; a blind one lacks the book, one for two has room for both', async () => {
  const shown = (await open(`${await begun()}/sheet`)).body;
  assert.match(shown, /Amoxicillin 250 mg[\s\S]*AMOX[\s\S]*tablet[\s\S]*OLD[\s\S]*31 Oct 2026[\s\S]*LATE[\s\S]*31 Jan 2028[\s\S]*>50</);
  assert.match(shown, /Riverside[\s\S]*What has a stock card here[\s\S]*Counted by[\s\S]*Checked by[\s\S]*Date/);
  assert.doesNotMatch(shown, /style=|Second count/);
  const blind = (await open(`${await begun({ scope: 'cards', book: 'hidden', people: 'two' })}/sheet`)).body;
  assert.doesNotMatch(blind, />50<|1,000|Book</);
  assert.match(blind, /Second count/);
  assert.equal((await open('/app/count/nothing/sheet')).status, 404);
});

test('another person takes a count up, and who did what is shown', async () => {
  const count = await begun();
  await send(`${count}/item/PARA`, entry([['P1', '2028-06-30', '1000']]));
  await restarted();
  await asUser('kofi');
  assert.match((await open('/app/count')).body, /1 of 3 counted/);
  leadsTo(await send(`${count}/item/ZINC`, entry([['', '', '5']])));
  const { body } = await open(`${count}?show=all`);
  assert.match(body, /2 of 3 counted[\s\S]*ama: 1 · kofi: 1/);
  assert.match(body, /Counted [\d:]+, ama/);
  assert.deepEqual((await saved()).map((operation) => /** @type {any} */ (operation).author), ['ama', 'kofi']);
});

test('a count that rested for a week says how old it is; one goes on with the book of now', async () => {
  const count = await begun();
  await send(`${count}/item/ZINC`, entry([['', '', '0']]));
  wait(6 * DAY);
  assert.doesNotMatch((await open(count)).body, /Nothing was counted here/);
  wait(3 * DAY);
  const asked = (await open(count)).body;
  assert.match(asked, /Nothing was counted here for 9 days\.[\s\S]*1 of 3 counted/);
  await append('stock.issue', { destination: { ward: 'W' }, lines: [{ product: 'PARA', lot: { number: 'P1', expiry: '2028-06-30' }, quantity: 100 }] });
  assert.equal(leadsTo(await send(`${count}/old`, { go: 'on' })), count);
  assert.match((await open(count)).body, /1 of 3 counted/);
  assert.match((await open(`${count}/item/PARA`)).body, /On the book: 900/);
});

test('or begins it anew, and the old one ends with what it has', async () => {
  const count = await begun({ scope: 'category', category: 'Pain', book: 'hidden' });
  await send(`${count}/item/PARA`, entry([['P1', '2028-06-30', '990']]));
  wait(8 * DAY);
  const fresh = leadsTo(await send(`${count}/old`, { go: 'anew' }));
  assert.notEqual(fresh, count);
  assert.match((await open(fresh)).body, /0 of 1 counted[\s\S]*Pain/);
  assert.doesNotMatch((await open(`${fresh}/item/PARA`)).body, /On the book/);
  assert.equal(leadsTo(await open(count)), `${count}/summary`);
  assert.equal((await saved()).length, 1);
});

test('a count that an earlier version of the app began goes on', async () => {
  const count = await begun();
  const [{ key } = { key: '' }] = await drafts('count/');
  const { id, facility, user, started_at, products } = await getDraft(key);
  const items = { PARA: { at: started_at, lines: [{ lot: 'P1', expiry: null, location: '', account: '', book: 1000, counted: 990 }] } };
  await putDraft(key, { id, facility, user, started_at, finished_at: null, blind: false, category: 'Pain', products, items });
  assert.match((await open(`${count}?show=all`)).body, /1 of 3 counted[\s\S]*Pain/);
  assert.match((await open(`${count}/summary`)).body, /10 short/);
  leadsTo(await send(`${count}/item/ZINC`, entry([['', '', '0']])));
  assert.match((await open('/app/count')).body, /2 of 3 counted/);
});
