/** What expires: how much will be left over, and writing off what has expired in two taps. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { atRisk, monthsLater } from '../../pwa/worker/expiry_risk.js';
import { append } from '../../pwa/worker/outbox.js';
import { risks } from '../../pwa/worker/screens/expiring.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

const TODAY = '2026-11-22';

beforeEach(async () => {
  await clinic();
  const db = await database();
  await db.put('reason', { code: 'out_of_date', name: 'Out of date', type: 'debit', tags: ['expired'], active: true }, 'out_of_date');
  revision.pulled += 1;
});

test('what is left at expiry, first expired first out', () => {
  const lot = (/** @type {string} */ name, /** @type {string | null} */ expiry, /** @type {number} */ on_hand) => ({ lot: name, expiry, on_hand });
  for (const [name, cards, amc, left] of /** @type {[string, ReturnType<typeof lot>[], number, [string, number][]][]} */ ([
    ['all of an expired lot', [lot('A', '2026-11-21', 5)], 300, [['A', 5]]],
    ['one day is left on the day of its expiry', [lot('A', TODAY, 5)], 30, [['A', 4]]],
    ['30 days at 30 a month', [lot('A', '2026-12-21', 40)], 30, [['A', 10]]],
    ['used in time', [lot('A', '2026-12-21', 30)], 30, [['A', 0]]],
    ['the second is used when the first is', [lot('B', '2027-01-20', 40), lot('A', '2026-12-21', 30)], 30, [['A', 0], ['B', 10]]],
    ['what was left of the first takes no time from the second', [lot('A', '2026-12-01', 100), lot('B', '2026-12-21', 25)], 30, [['A', 90], ['B', 5]]],
    ['nothing is used', [lot('A', '2027-11-30', 7), lot('C', null, 3)], 0, [['A', 7], ['C', 0]]],
    ['what is not there', [lot('A', '2027-11-30', 0), lot('B', '2027-11-30', -4)], 5, []],
  ])) assert.deepEqual(atRisk(cards, amc, TODAY).map((one) => [one.card.lot, one.left]), left, name);
});

test('months ahead end on a day that there is', () => {
  assert.deepEqual([monthsLater('2026-08-31', 1), monthsLater('2026-11-30', 3), monthsLater('2026-11-22', 6)], ['2026-09-30', '2027-02-28', '2027-05-22']);
});

test('without a known consumption the stock is shown and no risk', async () => {
  assert.deepEqual(risks([/** @type {any} */ ({ product: 'X', lot: 'A', expiry: '2026-12-01', on_hand: 9 })], new Map([['X', { amc: null }]]), TODAY).map(({ left }) => left), [null]);
  const { body } = await open('/app/expiring');
  assert.match(body, /<h2>Expired<[\s\S]*Lot OLD[\s\S]*Expires within 3 months[\s\S]*Lot SOON[\s\S]*not known here yet/);
  assert.doesNotMatch(body, /Lot LATE|Lot Z1/);
  assert.match((await open('/app/expiring?within=1')).body, /Nothing expires in this time/);
  assert.match((await open('/app/expiring?within=99')).body, /Expires within 3 months/);
});

test('two taps write off every expired lot', async () => {
  await append('stock.receive', { source: { supplier: 'X' }, reference: '', lines: [{ product: 'ZINC', lot: { number: 'Z0', expiry: '2026-11-21' }, quantity: 6 }] });
  assert.match((await open('/app/expiring')).body, /href="\/app\/expiring\/write-off"/);
  const { body } = await open('/app/expiring/write-off');
  const cards = [...body.matchAll(/name="card" value="([^"]+)" checked/g)].map(([, value]) => ['card', value?.replaceAll('&quot;', '"') ?? '']);
  assert.equal(cards.length, 2);
  const at = leadsTo(await send('/app/expiring/write-off', /** @type {[string, string][]} */ (cards)));
  assert.deepEqual((await saved()).at(-1)?.body, { lines: [
    { product: 'AMOX', lot: { number: 'OLD', expiry: '2026-10-31' }, quantity: -4, reason: 'out_of_date' }, { product: 'ZINC', lot: { number: 'Z0', expiry: '2026-11-21' }, quantity: -6, reason: 'out_of_date' },
  ] });
  assert.match((await open(at)).body, /is written off[\s\S]*>Undo</);
  assert.match((await open('/app/expiring/write-off')).body, /Nothing has expired/);
});

test('one lot is written off in two taps, filled in', async () => {
  const [, url] = /href="(\/app\/adjust\/AMOX\?[^"]+)"/.exec((await open('/app/expiring')).body) ?? [];
  assert.match((await open((url ?? '').replaceAll('&amp;', '&'))).body, /value="\[&quot;OLD&quot;[^>]*checked[\s\S]*value="out_of_date" selected[\s\S]*value="4"/);
});

test('nothing ticked, or a book that changed meanwhile, is told and nothing saved', async () => {
  const value = JSON.stringify(['AMOX', '["OLD","",""]', 4]);
  assert.match((await send('/app/expiring/write-off', {})).body, /Tick one lot at least/);
  await append('stock.issue', { destination: { ward: 'OPD' }, lines: [{ product: 'AMOX', lot: { number: 'OLD', expiry: '2026-10-31' }, quantity: 1 }] });
  const changed = await send('/app/expiring/write-off', { card: value });
  assert.equal(changed.status, 422);
  assert.match(changed.body, /The book changed meanwhile[\s\S]*−3/);
  assert.equal((await saved()).length, 1);
});
