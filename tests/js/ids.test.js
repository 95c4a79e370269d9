/** UUIDv7 that only grows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nextId, randomBytes } from '../../pwa/worker/ids.js';

const NOW = Date.parse('2026-11-22T09:00:00.000Z');
const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('an id is a UUIDv7 of its moment', () => {
  const id = nextId(undefined, NOW, randomBytes());
  assert.match(id, FORM);
  assert.equal(parseInt(id.replaceAll('-', '').slice(0, 12), 16), NOW);
});

test('ids grow within a millisecond, and when the clock stands or goes back', () => {
  let last = nextId(undefined, NOW, randomBytes());
  for (const now of [NOW, NOW, NOW - 1, NOW - 86_400_000, NOW, NOW + 1, NOW]) {
    for (let i = 0; i < 50; i += 1) {
      const id = nextId(last, now, randomBytes());
      assert.match(id, FORM);
      assert.ok(id > last, `${id} after ${last}`);
      last = id;
    }
  }
});

test('a counter that is full carries into the time', () => {
  const full = '0192f0c1-7c3e-7fff-bfff-ffffffffffff';
  const id = nextId(full, 0, randomBytes());
  assert.match(id, FORM);
  assert.ok(id > full);
});
