/** Expiry dates as labels print them, what they mean today, and days on which something happened. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dateFault, expiryState, localDate, parseExpiry } from '../../pwa/worker/expiry.js';

const TODAY = '2026-11-22';

for (const [typed, date] of /** @type {[string, string][]} */ ([
  ['04/27', '2027-04-30'], ['4/2027', '2027-04-30'], ['04-27', '2027-04-30'], ['04.2027', '2027-04-30'], ['04 27', '2027-04-30'],
  ['2027-04', '2027-04-30'], ['2027/4', '2027-04-30'], ['0427', '2027-04-30'], ['042027', '2027-04-30'],
  ['02/28', '2028-02-29'], ['02/27', '2027-02-28'], ['12/26', '2026-12-31'],
  ['2027-04-15', '2027-04-15'], ['15/04/2027', '2027-04-15'], ['15/4/27', '2027-04-15'], ['20270415', '2027-04-15'], ['29/02/2028', '2028-02-29'],
  // GS1 (AI 17): YYMMDD, and day 00 is the last day of the month.
  ['270415', '2027-04-15'], ['270400', '2027-04-30'], ['280200', '2028-02-29'], ['2027-04-00', '2027-04-30'],
  // What has expired is still on the shelf and still counted.
  ['01/20', '2020-01-31'], ['٠٤/٢٧', '2027-04-30'],
])) {
  test(`${typed} is ${date}`, () => {
    assert.deepEqual(parseExpiry(typed, TODAY), { ok: true, date });
  });
}

for (const [typed, error] of /** @type {[string, string][]} */ ([
  ['13/27', 'impossible'], ['00/27', 'impossible'], ['2027-13', 'impossible'], ['31/04/2027', 'impossible'], ['29/02/2027', 'impossible'], ['270431', 'impossible'],
  ['04/1999', 'far'], ['04/2057', 'far'], ['2077-01-01', 'far'], ['soon', 'form'], ['04/', 'form'], ['27', 'form'], ['1/2/3/4', 'form'], ['-5', 'form'], ['12345', 'form'],
])) {
  test(`${typed} is refused: ${error}`, () => {
    assert.deepEqual(parseExpiry(typed, TODAY), { ok: false, error });
  });
}

for (const [expiry, state] of /** @type {[string | null, string][]} */ ([
  [null, 'none'], ['', 'none'], ['2026-11-21', 'expired'], ['2026-11-22', 'soon'], ['2027-02-20', 'soon'], ['2027-02-21', 'fine'], ['2030-01-01', 'fine'],
])) {
  test(`a lot that expires ${expiry ?? 'never'} is ${state}`, () => {
    assert.equal(expiryState(expiry, TODAY), state);
  });
}

for (const [typed, fault] of /** @type {[string, string | null][]} */ ([
  ['', 'empty'], ['22/11/2026', 'form'], ['2026-02-30', 'form'], ['2026-13-01', 'form'], ['2026-11-23', 'future'], ['2031-01-01', 'future'],
  ['2015-11-22', 'old'], ['2026-11-22', null], ['2026-11-01', null],
])) {
  test(`something that happened on "${typed}": ${fault ?? 'fine'}`, () => {
    assert.equal(dateFault(typed, TODAY), fault);
  });
}

test('today is the calendar date on the device, not in UTC', () => {
  const late = new Date(2026, 10, 22, 23, 59, 59, 999).getTime();
  assert.equal(localDate(late), '2026-11-22');
  assert.equal(localDate(late + 1), '2026-11-23');
});
