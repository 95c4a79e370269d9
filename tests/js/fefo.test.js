/** First expired, first out: the order of lots, how a quantity is spread, and the lines of an issue. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allocate, unfit, usable } from '../../pwa/worker/fefo.js';
import { proposed } from '../../pwa/worker/screens/issue_line.js';
import { choices } from '../../pwa/worker/screens/issue_lots.js';
import { sameCard, wireLines, withLine, withProduct } from '../../pwa/worker/screens/movement_draft.js';
import { beyondBook } from '../../pwa/worker/screens/movement_lines.js';

/** @import { CardView } from '../../pwa/worker/types.js' */

const TODAY = '2026-11-22';

/** @param {string} lot @param {string | null} expiry @param {number} on_hand @returns {CardView} */
function card(lot, expiry, on_hand) {
  return { facility: 'F1', product: 'A', lot, expiry, location: '', account: '', on_hand, provisional: false, counted_at: null };
}

const CARDS = [card('LATE', '2028-01-31', 50), card('OLD', '2026-11-21', 9), card('SOON', '2026-11-22', 10), card('NONE', null, 5), card('MID', '2027-06-30', 20), card('EMPTY', '2027-01-31', 0)];

test('lots are taken first to expire first, unknown expiries last, expired and empty ones not at all', () => {
  assert.deepEqual(usable(CARDS, TODAY).map(({ lot }) => lot), ['SOON', 'MID', 'LATE', 'NONE']);
});

test('lots of one expiry are taken in the order of their numbers', () => {
  const same = [card('B', '2027-06-30', 1), card('A', '2027-06-30', 1)];
  assert.deepEqual(usable(same, TODAY).map(({ lot }) => lot), ['A', 'B']);
});

for (const [wanted, picks, beyond] of /** @type {[number, [string, number][], number][]} */ ([
  [1, [['SOON', 1]], 0], [10, [['SOON', 10]], 0], [11, [['SOON', 10], ['MID', 1]], 0], [85, [['SOON', 10], ['MID', 20], ['LATE', 50], ['NONE', 5]], 0],
  [100, [['SOON', 10], ['MID', 20], ['LATE', 50], ['NONE', 20]], 15],
])) {
  test(`${wanted} are spread over ${picks.length} lots, ${beyond} beyond the book`, () => {
    const found = allocate(CARDS, wanted, TODAY);
    assert.deepEqual(found.picks.map(({ card: { lot }, quantity }) => [lot, quantity]), picks);
    assert.equal(found.beyond, beyond);
  });
}

test('a monitor that has begun to turn goes before any expiry; one past the discard point is not taken', () => {
  const seen = (/** @type {string} */ lot, /** @type {string} */ expiry, /** @type {number | null} */ vvm) => ({ ...card(lot, expiry, 5), vvm });
  const cards = [seen('NEW', '2027-01-31', null), seen('ONE', '2026-12-31', 1), seen('TWO', '2028-01-31', 2), seen('TWO SOON', '2027-12-31', 2), seen('THREE', '2027-01-01', 3), seen('FOUR', '2027-01-01', 4), seen('OLD TWO', '2026-11-21', 2)];
  assert.deepEqual(usable(cards, TODAY).map(({ lot }) => lot), ['TWO SOON', 'TWO', 'ONE', 'NEW']);
  assert.deepEqual(cards.map((one) => unfit(one, TODAY)), [null, null, null, null, 'vvm', 'vvm', 'expired']);
  // What must not be used is just what goes back, the worst first.
  assert.deepEqual(usable(cards, '').map(({ lot }) => lot), ['FOUR', 'THREE', 'OLD TWO', 'TWO SOON', 'TWO', 'ONE', 'NEW']);
  assert.deepEqual(proposed('A', cards, 7, TODAY).map(({ lot, quantity }) => [lot, quantity]), [['TWO SOON', 5], ['TWO', 2]]);
});

test('where only expired lots are left none is taken by itself', () => {
  assert.deepEqual(allocate([card('OLD', '2020-01-31', 9)], 4, TODAY), { picks: [], beyond: 4 });
  assert.deepEqual(proposed('A', [card('OLD', '2020-01-31', 9)], 4, TODAY), [{ product: 'A', lot: '', expiry: null, location: '', account: '', quantity: 4 }]);
});

test('the lines of an issue keep the whole key of their cards', () => {
  const kept = { ...card('X', '2027-06-30', 8), location: 'Shelf 2', account: 'Fund' };
  assert.deepEqual(proposed('A', [kept], 3, TODAY), [{ product: 'A', lot: 'X', expiry: '2027-06-30', location: 'Shelf 2', account: 'Fund', quantity: 3 }]);
});

test('how far an issue goes beyond the book is told, a card below zero counting as empty', () => {
  const lines = [{ product: 'A', lot: 'X', expiry: null, location: '', account: '', quantity: 30 }, { product: 'A', lot: 'Y', expiry: null, location: '', account: '', quantity: 2 }];
  assert.equal(beyondBook(lines, [card('X', null, 10), card('Y', null, 5)]), 20);
  assert.equal(beyondBook(lines, [card('X', null, -4), card('Y', null, 5)]), 30);
  assert.equal(beyondBook(lines, []), 32);
});

test('other lots to choose from: those with stock, expired ones too, and what is taken already', () => {
  const own = [{ product: 'A', lot: '', expiry: null, location: '', account: '', quantity: 4 }];
  assert.deepEqual(choices(CARDS, own).map(({ lot, on_hand }) => [lot, on_hand]), [['OLD', 9], ['SOON', 10], ['MID', 20], ['LATE', 50], ['NONE', 5], ['', 0]]);
});

test('a second line on the same card is added to the first', () => {
  const line = { product: 'A', lot: 'X', expiry: '2027-06-30', location: '', account: '', quantity: 3 };
  assert.deepEqual(withLine([line], { ...line, quantity: 4 }), [{ ...line, quantity: 7 }]);
  assert.equal(withLine([line], { ...line, lot: 'Y' }).length, 2);
  assert.ok(!sameCard(line, { ...line, account: 'Fund' }));
});

test('a product keeps its place when its lots are changed, and leaves when it has none', () => {
  const of = (/** @type {string} */ product, /** @type {string} */ lot) => ({ product, lot, expiry: null, location: '', account: '', quantity: 1 });
  const lines = [of('A', '1'), of('B', '1'), of('B', '2'), of('C', '1')];
  assert.deepEqual(withProduct(lines, 'B', [of('B', '3')]).map(({ product, lot }) => product + lot), ['A1', 'B3', 'C1']);
  assert.deepEqual(withProduct(lines, 'B', []).map(({ product }) => product), ['A', 'C']);
  assert.deepEqual(withProduct(lines, 'D', [of('D', '1')]).map(({ product }) => product), ['A', 'B', 'B', 'C', 'D']);
});

test('on the wire a line without a lot says null, and names location and account only where there are any', () => {
  assert.deepEqual(wireLines([
    { product: 'A', lot: '', expiry: null, location: '', account: '', quantity: 2 },
    { product: 'A', lot: 'X', expiry: '2027-06-30', location: 'S', account: 'F', quantity: 1 },
  ]), [
    { product: 'A', lot: null, quantity: 2 },
    { product: 'A', lot: { number: 'X', expiry: '2027-06-30' }, quantity: 1, location: 'S', account: 'F' },
  ]);
});
