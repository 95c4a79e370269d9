/** Where stock stands, against tests/vectors/resupply, which the server passes too. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { isEmergency, monthsOfStockTenths, quantityToOrder, stockStatus } from '../../pwa/worker/resupply.js';

const CASES = JSON.parse(readFileSync(new URL('../vectors/resupply/positions.json', import.meta.url), 'utf8'));

for (const { name, amc, on_hand, pack, levels, tenths, status, emergency, order } of CASES) {
  test(`a position: ${name}`, () => {
    const [minimum, maximum, order_point] = levels ?? [null, null, null];
    assert.equal(monthsOfStockTenths(on_hand, amc), tenths);
    assert.equal(stockStatus(on_hand, { minimum, maximum }), status);
    assert.equal(isEmergency(on_hand, { order_point }), emergency);
    if (order !== null) assert.equal(quantityToOrder(maximum, on_hand, pack), order);
  });
}

test('a position of which nothing is known', () => {
  assert.equal(stockStatus(5, undefined), 'unknown');
  assert.equal(isEmergency(0, undefined), false);
});
