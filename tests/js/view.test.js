/** The device's view of whole shelves against tests/vectors/view/cards, which sync/view.py passes too. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { noWork, workOf } from '../../pwa/worker/own.js';
import { viewsOf } from '../../pwa/worker/view.js';

const CARDS = new URL('../vectors/view/cards/', import.meta.url);

/** @param {any} written @returns {import('../../pwa/worker/types.js').OwnOperation} */
function operation({ id, at, counts, moves, all_lots = false, reverses = null, shipment = null, ...more }) {
  const type = counts ? 'count' : 'movement';
  return {
    id, effective_at: at, all_lots, reverses, shipment, ...more,
    cards: (counts ?? moves ?? []).map((/** @type {any} */ [product, lot, location, account, quantity]) => (
      { product, lot, location, account, expiry: null, fact: { effective_at: at, id, type, quantity } })),
  };
}

/** @param {any[][]} told one a shipment, product and lot */
function shipmentRows(told) {
  return [...new Set(told.map(([id]) => id))].map((id) => ({
    id, lines: told.filter(([one]) => one === id).map(([, product, lot, received], line) => (
      { line, product, lot, expiry: null, quantity: 1, received })),
  }));
}

/** @param {any} given as in a vector @returns {any[][]} by card key */
function shown({ rows, own, kept, shipments }) {
  const work = workOf(own.map(operation), kept.map(operation), shipmentRows(shipments));
  const cards = rows.map((/** @type {any} */ [product, lot, location, account, on_hand, counted, last]) => (
    { product, lot, location, account, on_hand, counted, last }));
  const products = new Set([...cards.map((/** @type {any} */ { product }) => product), ...work.products.keys()]);
  return sorted([...products].flatMap((code) => viewsOf(
    cards.filter((/** @type {any} */ { product }) => product === code), work.products.get(code) ?? noWork(), work.doubtful,
  )).map(({ card, view }) => [card.product, card.lot, card.location, card.account, view.on_hand, view.counted, view.last, view.provisional]));
}

/** @param {any[][]} views */
function sorted(views) {
  return [...views].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const files = readdirSync(CARDS).filter((name) => name.endsWith('.json'));
assert.ok(files.length >= 5);
for (const name of files) {
  test(name, () => {
    const cases = JSON.parse(readFileSync(new URL(name, CARDS), 'utf8'));
    assert.ok(cases.length >= 5);
    for (const given of cases) {
      const before = structuredClone(given);
      assert.deepEqual(shown(given), sorted(given.views), given.name);
      const turned = { ...given, rows: [...given.rows].reverse(), own: [...given.own].reverse(), kept: [...given.kept].reverse() };
      assert.deepEqual(shown(turned), sorted(given.views), `${given.name}, in another order`);
      assert.deepEqual(given, before, 'what is given is not changed');
    }
  });
}
