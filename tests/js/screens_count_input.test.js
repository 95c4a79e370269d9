/** What a count asks before it saves: reasons, figures that can hardly be, dates, other tabs, and a clock that is wrong. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { clockWrong } from '../../pwa/worker/screens/clock_notice.js';
import { absurd } from '../../pwa/worker/screens/count_entry.js';
import { explained } from '../../pwa/worker/screens/count_why.js';
import { drafts, setMeta } from '../../pwa/worker/store.js';
import { leadsTo, open, saved, send } from './support/clinic.js';
import { asUser, begun, busyClinic, entry } from './support/counting.js';
import { START, restarted, setClock, wait } from './support/device.js';

beforeEach(busyClinic);

/** @param {string} n @param {[string, string][]} [more] @param {string} [go] */
const para = (n, more = [], go = 'save') => entry([['P1', '2028-06-30', n]], go, more);
/** @param {[string, string][]} given @param {string} [go] @returns {[string, string][]} */
const why = (given, go = 'save') => [...given.flatMap(([reason, quantity]) => /** @type {[string, string][]} */ ([['reason', reason], ['quantity', quantity]])), ['go', go]];
/** @param {Awaited<ReturnType<typeof saved>>} all */
const reasonsOf = (all) => all[0]?.body.lines[0].reasons;

test('a difference over a tenth asks why before it is saved; the figures survive a closed tab', async () => {
  const count = await begun();
  const asked = leadsTo(await send(`${count}/item/PARA`, para('800')));
  assert.equal(asked, `${count}/item/PARA/why`);
  assert.deepEqual(await saved(), []);
  await restarted();
  const { body } = await open(asked);
  assert.match(body, /You counted 800\. That is 200 less than the book\.[\s\S]*200 short[\s\S]*Expired[\s\S]*Lost/);
  assert.doesNotMatch(body, /<option value="found"/, 'goods that are missing were not found');
  assert.match((await open(`${count}/item/PARA`)).body, /value="800"/);
  assert.equal(leadsTo(await send(asked, why([['expired', '150'], ['lost', '40']]))), `${count}/item/ZINC?done=PARA`);
  const all = await saved();
  assert.equal(all.length, 1);
  assert.deepEqual(reasonsOf(all), [{ reason: 'expired', quantity: -150 }, { reason: 'lost', quantity: -40 }]);
  assert.equal(all[0]?.body.lines[0].counted, 800);
  assert.match((await open(`${count}/summary`)).body, /200 short[\s\S]*Expired: 150[\s\S]*Lost: 40/);
  assert.deepEqual(await drafts('count-entry/'), []);
});

test('more than the book is explained by what adds', async () => {
  const count = await begun();
  const asked = leadsTo(await send(`${count}/item/PARA`, para('1300')));
  const { body } = await open(asked);
  assert.match(body, /300 more than the book[\s\S]*Found/);
  assert.doesNotMatch(body, /<option value="lost"/);
  leadsTo(await send(asked, why([['found', '300'], ['', '']])));
  assert.deepEqual(reasonsOf(await saved()), [{ reason: 'found', quantity: 300 }]);
});

for (const [name, given, words] of /** @type {[string, [string, string][], RegExp][]} */ ([
  ['none chosen', [['', '200'], ['', '']], /Choose a reason, or save without one\./],
  ['more than the difference', [['lost', '201'], ['', '']], /This is more than the difference\./],
  ['two that are more together', [['lost', '150'], ['expired', '51']], /This is more than the difference\./],
  ['a quantity without a reason', [['lost', '100'], ['', '100']], /Choose the reason\./],
  ['no quantity', [['lost', ''], ['', '']], /Enter 1 or more\./],
])) {
  test(`reasons are refused where they were given: ${name}`, async () => {
    const count = await begun();
    const asked = leadsTo(await send(`${count}/item/PARA`, para('800')));
    const refused = await send(asked, why(given));
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.deepEqual(await saved(), []);
  });
}

test('who does not know why saves without a reason', async () => {
  const count = await begun();
  const asked = leadsTo(await send(`${count}/item/PARA`, para('800')));
  leadsTo(await send(asked, why([['', '200'], ['', '']], 'unknown')));
  const all = await saved();
  assert.equal(all.length, 1);
  assert.equal(reasonsOf(all), undefined);
  assert.equal(leadsTo(await open(asked)), `${count}/item/PARA`, 'the question is over');
});

test('nobody is asked why in a blind count, at a tenth or less, or at the first count', async () => {
  const blind = await begun({ scope: 'cards', book: 'hidden' });
  assert.match(leadsTo(await send(`${blind}/item/PARA`, para('500'))), /ZINC\?done/);
  const count = await begun();
  assert.match(leadsTo(await send(`${count}/item/AMOX`, entry([['OLD', '2026-10-31', '4'], ['SOON', '2026-12-31', '10'], ['LATE', '2028-01-31', '45']]))), /PARA\?done/);
  assert.match(leadsTo(await send(`${count}/item/ZINC`, entry([['', '', '70']]))), /done=ZINC/);
});

test('lots without a figure that are none, and the reason then', async () => {
  const count = await begun();
  const rows = /** @type {[string, string, string][]} */ ([['OLD', '2026-10-31', '4'], ['SOON', '2026-12-31', '10'], ['LATE', '2028-01-31', '']]);
  const asked = leadsTo(await send(`${count}/item/AMOX`, entry(rows, 'zero')));
  assert.match((await open(asked)).body, /Lot LATE[\s\S]*50 short/);
  leadsTo(await send(asked, why([['lost', '50'], ['', '']])));
  assert.deepEqual((await saved())[0]?.body.lines.map((/** @type {any} */ line) => line.counted), [4, 10, 0]);
});

test('explained: signed like the difference', () => {
  assert.deepEqual(explained(-5, [{ reason: 'lost', quantity: '3' }, { reason: '', quantity: '' }]), { reasons: [{ reason: 'lost', quantity: -3 }], faults: [null, null] });
  assert.deepEqual(explained(5, [{ reason: 'found', quantity: '2+3' }]).reasons, [{ reason: 'found', quantity: 5 }]);
});

test('a figure over ten times the largest ever seen is asked about once, in place, and then taken', async () => {
  const count = await begun({ scope: 'cards', book: 'hidden' });
  const asked = await send(`${count}/item/PARA`, para('10010'));
  assert.equal(asked.status, 422);
  assert.match(asked.body, /10,010 is more than ten times the most that this device ever saw of it\. Is it right\?/);
  assert.match(asked.body, /value="10010"[^>]*aria-invalid="true"/);
  assert.deepEqual(await saved(), []);
  assert.equal((await send(`${count}/item/PARA`, para('20020', [['sure', '10010']]))).status, 422, 'a larger one is asked about, too');
  leadsTo(await send(`${count}/item/PARA`, para('10010', [['sure', '10010']])));
  assert.equal((await saved())[0]?.body.lines[0].counted, 10010);
  // It was seen now.
  leadsTo(await send(`${count}/item/PARA`, para('90000')));
});

test('ten times exactly is not asked about, nor what nothing is known of', async () => {
  const count = await begun({ scope: 'all', book: 'hidden' });
  leadsTo(await send(`${count}/item/PARA`, para('10000')));
  leadsTo(await send(`${count}/item/NEW`, entry([['', '', '500000']])));
  assert.equal(absurd([{ lot: '', expiry: null, location: '', account: '', typed: '9' }], 0), null);
});

for (const [expiry, words] of /** @type {[string, RegExp][]} */ ([
  ['31/02/2028', /There is no such date\./], ['2027-02-29', /There is no such date\./], ['01/1900', /too far away to be right/], ['04/2199', /too far away to be right/],
])) {
  test(`a new lot that expires ${expiry} is refused where it was typed`, async () => {
    const refused = await send(`${await begun()}/item/PARA/lot`, { number: 'B7', expiry });
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.match(refused.body, new RegExp(`value="${expiry}"`));
    assert.doesNotMatch(refused.body, /Yes, it says so/);
  });
}

test('an expiry sixty years ahead is asked about, and taken when the label says so', async () => {
  const page = `${await begun()}/item/PARA/lot`;
  const asked = await send(page, { number: 'B7', expiry: '04/2086' });
  assert.equal(asked.status, 422);
  assert.match(asked.body, /more than 30 years ahead\. Is it really what the label says\?[\s\S]*name="sure" value="04\/2086"/);
  assert.equal((await send(page, { number: 'B7', expiry: '04/2087', sure: '04/2086' })).status, 422, 'it was said of another date');
  assert.equal((await send(page, { number: '', expiry: '04/2086', sure: '04/2086' })).status, 422);
  const item = leadsTo(await send(page, { number: 'B7', expiry: '04/2086', sure: '04/2086' }));
  assert.match((await open(item)).body, /value="2086-04-30"/);
});

for (const number of ['דגימה-7', 'دفعة ١٢', '批号９', 'Лот №5', 'ล็อต๗', '🧪 4/B', '<b>"&\'']) {
  test(`a lot may be called ${number}`, async () => {
    const count = await begun();
    leadsTo(await send(`${count}/item/NEW/lot`, { number, expiry: '04/28' }));
    assert.equal((await open(`${count}/item/NEW`)).status, 200);
    leadsTo(await send(`${count}/item/NEW`, entry([[number, '2028-04-30', '3']])));
    assert.equal((await saved())[0]?.body.lines[0].lot.number, number);
    assert.doesNotMatch((await open(`${count}/sheet`)).body, /<b>"/);
  });
}

test('one name that is typed in two ways is one lot', async () => {
  const count = await begun();
  for (const number of ['Lote\u0301 \u00a07', 'Lot\u00e9 7']) leadsTo(await send(`${count}/item/NEW/lot`, { number, expiry: '04/28' }));
  assert.deepEqual((await drafts('count-entry/'))[0]?.value.rows.map((/** @type {any} */ one) => one.lot), ['Lot\u00e9 7']);
});

test('a tab that shows an item which was counted meanwhile is told, and may count it again', async () => {
  const count = await begun({ scope: 'cards', book: 'hidden' });
  const form = (await open(`${count}/item/PARA`)).body;
  const seen = /name="seen" value="([^"]*)"/.exec(form)?.[1] ?? 'none';
  wait(60_000);
  leadsTo(await send(`${count}/item/PARA`, para('1000', [['seen', seen]])));
  await asUser('kofi');
  const told = await send(`${count}/item/PARA`, para('960', [['seen', seen]]));
  assert.equal(told.status, 422);
  assert.match(told.body, /ama counted this at [\d:]+, while this screen was open: 1,000\. Is yours the newer count\?/);
  assert.match(told.body, /value="960"/);
  assert.equal((await saved()).length, 1);
  const now = /name="seen" value="([^"]*)"/.exec(told.body)?.[1] ?? 'none';
  leadsTo(await send(`${count}/item/PARA`, para('960', [['seen', now]])));
  assert.deepEqual((await saved()).map(({ body }) => body.lines[0].counted), [1000, 960]);
});

test('two tabs that save at the same moment both stand in the count', async () => {
  const count = await begun({ scope: 'cards', book: 'hidden' });
  await Promise.all([send(`${count}/item/PARA`, para('1000')), send(`${count}/item/ZINC`, entry([['', '', '2']]))]);
  assert.match((await open(count)).body, /2 of 3 counted/);
});

test('a clock in 2015 is told, and work goes on', async () => {
  await setMeta('pulled_at', START - 1000);
  assert.doesNotMatch((await open('/app/count')).body, /The clock of this device/);
  setClock(Date.parse('2015-01-01T00:00:00Z'));
  for (const address of ['/app', '/app/count']) assert.match((await open(address)).body, /The clock of this device says 1 Jan 2015[^<]*That cannot be right\.[\s\S]*You can go on working/);
  const count = await begun();
  leadsTo(await send(`${count}/item/PARA`, para('1000')));
  assert.equal((await saved()).length, 1);
  assert.doesNotMatch((await open(count)).body, /Nothing was counted here/);
});

for (const [name, now, known, wrong] of /** @type {[string, number, Parameters<typeof clockWrong>[1], boolean][]} */ ([
  ['nothing known', START, {}, false], ['an hour back', START, { pulled_at: START + 3_600_000 }, false], ['two days before the last pull', START, { pulled_at: START + 2 * 86_400_000 }, true],
  ['the server is years ahead', START, { pulled_at: START - 1, offset_ms: 11 * 365 * 86_400_000 }, true],
  ['an operation of the server’s time', START, { corrected_at: START + 3 * 86_400_000 }, true], ['the same where the offset explains it', START, { corrected_at: START + 3_600_000, offset_ms: 3_600_000 }, false],
])) test(`clock: ${name}`, () => assert.equal(clockWrong(now, known), wrong));
