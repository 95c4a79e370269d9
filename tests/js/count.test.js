/** A count's own arithmetic: what to count, what was entered, what differs from the book. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkEntry, rowsOfForm, rowsToCount, wireLines } from '../../pwa/worker/screens/count_entry.js';
import { differences, itemDifference } from '../../pwa/worker/screens/count_differences.js';
import { toCount } from '../../pwa/worker/screens/count_scope.js';
import { nextToCount, progress } from '../../pwa/worker/screens/count_session.js';

/** @import { CardView, Product } from '../../pwa/worker/types.js' */
/** @import { CountedLine, Session } from '../../pwa/worker/screens/count_session.js' */

/** @param {string} lot @param {number} on_hand @param {string | null} [expiry] @returns {CardView} */
function card(lot, on_hand, expiry = '2027-04-30') {
  return { facility: 'F1', product: 'A', lot, expiry, location: '', account: '', on_hand, provisional: false, counted_at: null, moved_at: null };
}

/** @param {string} lot @param {string} typed */
function row(lot, typed) {
  return { lot, expiry: '2027-04-30', location: '', account: '', typed };
}

/** @param {number | null} book @param {number} counted @param {string} [lot] @returns {CountedLine} */
function line(book, counted, lot = 'X') {
  return { lot, expiry: null, location: '', account: '', book, counted };
}

/** @param {string[]} products @param {Record<string, CountedLine[]>} items @returns {Session} */
function session(products, items) {
  return {
    id: 's', facility: 'F1', user: 'ama', started_at: 0, resumed_at: null, finished_at: null, blind: false, two: false,
    scope: 'all', name: '', label: '', products, pairs: {},
    items: Object.fromEntries(Object.entries(items).map(([code, lines]) => [code, { at: 1, by: 'ama', lines }])),
  };
}

test('the scope of a count: the cards, a category, or everything, each by name', () => {
  const catalogue = /** @type {Product[]} */ ([['A', 'x'], ['B', 'y'], ['C', 'x']].map(([code, category]) => ({ code, name: code, category })));
  const cards = [card('X', 3), { ...card('Y', 0), product: 'C' }];
  assert.deepEqual(toCount(catalogue, cards, { scope: 'cards', name: '' }), ['A', 'C']);
  assert.deepEqual(toCount(catalogue, cards, { scope: 'category', name: 'x' }), ['A', 'C']);
  assert.deepEqual(toCount(catalogue, cards, { scope: 'category', name: 'y' }), ['B']);
  assert.deepEqual(toCount(catalogue, cards, { scope: 'all', name: '' }), ['A', 'B', 'C']);
});

test('after an item comes the next one that is not counted, and round to the beginning', () => {
  const under = session(['A', 'B', 'C', 'D'], { B: [line(1, 1)], D: [line(1, 1)] });
  assert.equal(nextToCount(under, 'ama'), 'A');
  assert.equal(nextToCount(under, 'ama', 'A'), 'C');
  assert.equal(nextToCount(under, 'ama', 'C'), 'A');
  assert.equal(nextToCount(under, 'ama', 'not in it'), 'A');
  assert.equal(nextToCount(session(['A'], { A: [line(1, 1)] }), 'ama', 'A'), null);
  assert.deepEqual(progress(under), { counted: 2, of: 4, once: 0, open: [] });
});

test('rows to count: the lots of the book by expiry, then the added ones, with what was half typed', () => {
  const cards = [card('LATE', 5, '2029-01-31'), card('GONE', 0), card('SOON', 7, '2027-01-31')];
  const rows = rowsToCount(cards, [row('NEW', ''), row('SOON', '12')]);
  assert.deepEqual(rows.map(({ lot, typed }) => [lot, typed]), [['SOON', '12'], ['LATE', ''], ['NEW', '']]);
});

test('a product without any lot has one row without a lot', () => {
  assert.deepEqual(rowsToCount([], []).map(({ lot }) => lot), ['']);
  assert.deepEqual(rowsToCount([], [row('NEW', '')]).map(({ lot }) => lot), ['NEW']);
});

test('the form gives its rows back, and what is no row is left out', () => {
  const form = new URLSearchParams([['card', '["X","S",""]'], ['expiry', '2027-04-30'], ['counted', '3×10'],
    ['card', 'no'], ['expiry', ''], ['counted', '1'], ['card', '["",1,""]'], ['expiry', ''], ['counted', '1'], ['card', '["","",""]'], ['expiry', ''], ['counted', '']]);
  assert.deepEqual(rowsOfForm(form), [
    { lot: 'X', location: 'S', account: '', expiry: '2027-04-30', typed: '3×10' },
    { lot: '', location: '', account: '', expiry: null, typed: '' },
  ]);
});

test('an entry: figures become lines with the book beside them', () => {
  const { faults, unseen, lines } = checkEntry([row('X', '3×10'), row('NEW', '4')], [card('X', 25)], false);
  assert.equal(faults.size + unseen.length, 0);
  assert.deepEqual(lines.map(({ lot, book, counted }) => [lot, book, counted]), [['X', 25, 30], ['NEW', null, 4]]);
});

test('a lot of the book without a figure is asked about, and 0 only when one says so', () => {
  const rows = [row('X', '5'), row('Y', ''), row('NEW', '')];
  const cards = [card('X', 5), card('Y', 8)];
  assert.deepEqual(checkEntry(rows, cards, false).unseen, [1]);
  const sure = checkEntry(rows, cards, true);
  assert.deepEqual(sure.unseen, []);
  assert.deepEqual(sure.lines.map(({ lot, counted }) => [lot, counted]), [['X', 5], ['Y', 0]]);
});

test('an entry without any figure is empty, not a question', () => {
  const { faults, unseen } = checkEntry([row('X', ''), row('Y', '')], [card('X', 5), card('Y', 8)], false);
  assert.deepEqual([...faults], [[0, 'empty']]);
  assert.deepEqual(unseen, []);
  assert.deepEqual([...checkEntry([row('', '')], [], false).faults], [[0, 'empty']]);
});

test('what cannot be a count is refused beside its lot', () => {
  const { faults } = checkEntry([row('X', '-5'), row('Y', '7'), row('Z', '1.5')], [card('X', 5)], false);
  assert.deepEqual([...faults], [[0, 'negative'], [2, 'number']]);
});

test('counted lines on the wire', () => {
  assert.deepEqual(wireLines('A', [{ ...line(3, 4), expiry: '2027-04-30' }, { ...line(null, 0, ''), location: 'S' }]), [
    { product: 'A', lot: { number: 'X', expiry: '2027-04-30' }, counted: 4 },
    { product: 'A', lot: null, counted: 0, location: 'S' },
  ]);
});

for (const [name, lines, expected] of /** @type {[string, CountedLine[], object][]} */ ([
  ['as the book', [line(5, 5)], { difference: 0, agrees: true, opening: false, book: 5, counted: 5 }],
  ['short', [line(5, 3), line(4, 4, 'Y')], { difference: -2, agrees: false, opening: false, book: 9, counted: 7 }],
  ['over', [line(5, 9)], { difference: 4, agrees: false, opening: false, book: 5, counted: 9 }],
  ['a new lot of a known product is over', [line(5, 5), line(null, 3, 'Y')], { difference: 3, agrees: false, opening: false, book: 5, counted: 8 }],
  ['total right, lots not', [line(5, 3), line(5, 7, 'Y')], { difference: 0, agrees: false, opening: false, book: 10, counted: 10 }],
  ['the first count is an opening balance', [line(null, 40)], { difference: 0, agrees: true, opening: true, book: 0, counted: 40 }],
  ['below zero on the book', [line(-3, 2)], { difference: 5, agrees: false, opening: false, book: -3, counted: 2 }],
])) {
  test(`difference: ${name}`, () => {
    assert.deepEqual(itemDifference('A', { lines }), { product: 'A', ...expected });
  });
}

test('the summary counts items, and the accuracy counts cards within a tenth of the book', () => {
  const all = differences(session(['A', 'B', 'C', 'D', 'E', 'F'], {
    A: [line(100, 100)], B: [line(100, 91), line(10, 12, 'Y')], C: [line(100, 89)], D: [line(null, 6)], E: [line(0, 0), line(0, 1, 'Y')],
  }));
  assert.deepEqual([all.agree, all.short, all.over, all.moved, all.opening], [1, 2, 1, 0, 1]);
  // 100 of 100, 91 of 100 and 0 of 0 are within a tenth; 12 of 10, 89 of 100 and 1 of 0 are not.
  assert.equal(all.accuracy, 50);
  assert.deepEqual(all.items.map(({ product }) => product), ['A', 'B', 'C', 'D', 'E']);
});

test('a count without anything on the book has no accuracy', () => {
  assert.equal(differences(session(['A'], { A: [line(null, 6)] })).accuracy, null);
  assert.equal(differences(session(['A'], {})).accuracy, null);
});
