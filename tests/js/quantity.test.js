/** Quantities as they are typed, and the keys of the keypad. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pressed } from '../../pwa/page/keypad.js';
import { QUANTITY_MAX, asciiDigits, parseQuantity } from '../../pwa/page/quantity.js';

for (const [typed, value, worked] of /** @type {[string, number, boolean][]} */ ([
  ['0', 0, false], ['240', 240, false], [' 12 ', 12, false], ['1 000', 1000, false], ['1\u202f000', 1000, false], ['007', 7, false],
  ['3×100+20', 320, true], ['3x100', 300, true], ['3*100', 300, true], ['2×3×4', 24, true], ['1+2+3', 6, true], ['0×50', 0, true],
  ['٢٤٠', 240, false], ['۱۲', 12, false], [String(QUANTITY_MAX), QUANTITY_MAX, false],
])) {
  test(`"${typed}" is ${value}`, () => {
    assert.deepEqual(parseQuantity(typed), { ok: true, value, worked });
  });
}

for (const [typed, error] of [
  ['', 'empty'], ['  ', 'empty'], ['-5', 'negative'], ['\u22125', 'negative'], ['1.5', 'number'], ['1,000', 'number'], ['3×', 'number'],
  ['+3', 'number'], ['3++3', 'number'], ['abc', 'number'], ['1e9', 'number'], ['1000000001', 'large'], ['100000×100000', 'large'],
  ['999999999999×999999999999×999999999999', 'large'],
]) {
  test(`"${typed}" is refused: ${error}`, () => {
    assert.deepEqual(parseQuantity(/** @type {string} */ (typed)), { ok: false, error });
  });
}

test('a movement is of 1 at least, a count may be 0', () => {
  assert.deepEqual(parseQuantity('0', { least: 1 }), { ok: false, error: 'zero' });
  assert.deepEqual(parseQuantity('0', { least: 0 }), { ok: true, value: 0, worked: false });
  assert.deepEqual(parseQuantity('0×9', { least: 1 }), { ok: false, error: 'zero' });
});

test('digits of other scripts become ASCII, other letters stay', () => {
  assert.equal(asciiDigits('٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ a'), '0123456789 0123456789 a');
});

for (const [keys, text] of /** @type {[string[], string][]} */ ([
  [['1', '2', '0'], '120'], [['0', '5'], '5'], [['0', '00'], '0'], [['00'], '0'], [['5', '00'], '500'], [['+'], ''], [['×'], ''],
  [['3', '×', '+'], '3+'], [['3', '×', '1', '00', '+', '2', '0'], '3×100+20'], [['3', 'back', 'back'], ''], [['3', '×', 'back', '4'], '34'],
  [['7', 'clear'], ''], [['3', '+', '0', '4'], '3+4'], [[...'12345678901'], '1234567890'], [['3', '×', '00'], '3×0'],
])) {
  test(`keys ${keys.join(' ')} write "${text}"`, () => {
    assert.equal(keys.reduce(pressed, ''), text);
  });
}
