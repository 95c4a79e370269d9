/** What a scanner types is told from what a person types, and the best code of a picture from the others. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { character, isScan } from '../../pwa/page/burst.js';
import { best } from '../../pwa/page/finder.js';

test('a scanner is faster than any hand, and no code is shorter than eight', () => {
  assert.equal(isScan({ text: '6291041500213', first: 0, last: 12 * 5 }), true);
  assert.equal(isScan({ text: '6291041500213', first: 0, last: 12 * 40 }), true);
  assert.equal(isScan({ text: '6291041500213', first: 0, last: 12 * 60 }), false);
  assert.equal(isScan({ text: '1200000', first: 0, last: 6 }), false);
});

test('the separator is kept however it comes, and control keys are no characters', () => {
  const plain = { key: '', code: '', ctrlKey: false, altKey: false, metaKey: false };
  const keys = [{ key: 'a' }, { key: '\x1d' }, { key: ']', ctrlKey: true }, { key: '^', code: 'BracketRight', ctrlKey: true }, { key: 'F8' },
    { key: ']' }, { key: 'Shift' }, { key: 'v', ctrlKey: true }];
  assert.deepEqual(keys.map((key) => character({ ...plain, ...key })), ['a', '\x1d', '\x1d', '\x1d', '\x1d', ']', '', '']);
});

test('the code with lot and expiry goes before the bare number beside it, the nearer before the farther', () => {
  const bare = { code: ']E06291041500213', x: 50, y: 50 };
  const [full, other] = [{ code: ']d201062910415002131727040010A', x: 90, y: 50 }, { code: ']d201062910415002131727040010B', x: 5, y: 50 }];
  const middle = { x: 50, y: 50 };
  assert.equal(best([bare, other, full], middle), full);
  assert.equal(best([bare], middle), bare);
  assert.equal(best([], middle), null);
});
