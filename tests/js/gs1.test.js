/** What scanners read, on the cases that the server passes too (tests/vectors/gs1). */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { checkDigit, readScan } from '../../pwa/worker/gs1.js';
import { ruleOf } from '../../pwa/worker/gs1_rules.js';

/** @param {string} name */
const vectors = (name) => JSON.parse(readFileSync(new URL(`../vectors/gs1/${name}.json`, import.meta.url), 'utf8'));
const { today, cases } = vectors('scans');

for (const { name, text, today: day = today, read, error } of cases) {
  test(name, () => assert.deepEqual(readScan(text, day), error === undefined ? { ok: true, ...read } : { ok: false, error }));
}

test('every element has its lengths, and there are no others', () => {
  const rules = vectors('rules');
  for (const [ai, [form, least, most]] of Object.entries(rules)) assert.deepEqual(ruleOf(ai), { digits: form === 'n', least, most }, ai);
  for (const width of [2, 3, 4]) {
    for (let n = 0; n < 10 ** width; n += 1) {
      const ai = String(n).padStart(width, '0');
      assert.equal(ruleOf(ai) !== null, ai in rules, ai);
    }
  }
});

test('the check digit is that of the specifications', () => {
  assert.deepEqual(['629104150021', '03600029145', '0000000'].map(checkDigit), ['3', '2', '0']);
});
