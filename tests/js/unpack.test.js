/** Packed pages of the feed: each vector's tables are its changes again. The vectors are what sync/packing.py writes. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { unpack } from '../../pwa/worker/unpack.js';

const folder = new URL('../vectors/packed/', import.meta.url);

for (const name of readdirSync(folder)) {
  test(name, () => {
    const { changes, tables } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
    assert.ok(changes.length > 0);
    assert.deepEqual(byKey(unpack(tables)), byKey(changes));
  });
}

test('nothing is nothing', () => {
  assert.deepEqual(unpack([]), []);
});

/** @param {{entity: string, key: string}[]} changes */
function byKey(changes) {
  const name = (/** @type {{entity: string, key: string}} */ { entity, key }) => `${entity} ${key}`;
  return [...changes].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}
