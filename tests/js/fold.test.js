/** The fold and the device's view against tests/vectors, which the Python fold passes too. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { fold } from '../../pwa/worker/fold.js';
import { viewOf } from '../../pwa/worker/view.js';

const VECTORS = new URL('../vectors/', import.meta.url);

/** @param {string} folder */
function cases(folder) {
  const files = readdirSync(new URL(`${folder}/`, VECTORS)).filter((name) => name.endsWith('.json'));
  assert.ok(files.length > 0);
  return files.flatMap((name) => JSON.parse(readFileSync(new URL(`${folder}/${name}`, VECTORS), 'utf8')));
}

for (const { name, facts, card } of cases('fold')) {
  test(`fold: ${name}`, () => {
    const given = structuredClone(facts);
    assert.deepEqual(fold(facts), card);
    assert.deepEqual(fold([...facts].reverse()), card, 'the order of arrival must not matter');
    assert.deepEqual(facts, given, 'what is given is not changed');
  });
}

for (const { name, row, own, view } of cases('view')) {
  test(`view: ${name}`, () => {
    assert.deepEqual(viewOf(row, own), view);
    assert.deepEqual(viewOf(row, [...own].reverse()), view);
  });
}

test('the view of a folded card with own facts at its end is the fold of all', () => {
  // A small generator of its own (a linear congruence), so that a failure can be repeated.
  let seed = 42;
  const next = (/** @type {number} */ n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 300; round += 1) {
    const facts = Array.from({ length: 1 + next(12) }, (_, i) => ({
      effective_at: next(6), id: String(100 + i), type: /** @type {'count' | 'movement'} */ (next(3) === 0 ? 'count' : 'movement'),
      quantity: next(50),
    }));
    const cut = next(facts.length + 1);
    const pulled = fold(facts.slice(0, cut));
    const own = facts.slice(cut).map((fact) => ({ ...fact, effective_at: fact.effective_at + 10 }));
    const whole = fold([...facts.slice(0, cut), ...own]);
    const view = viewOf(cut === 0 ? null : pulled, own);
    assert.equal(view.on_hand, whole.on_hand, `round ${round}`);
    assert.deepEqual([view.counted, view.last, view.provisional], [whole.counted, whole.last, false]);
  }
});
