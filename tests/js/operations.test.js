/** Operations of every kind: what they do to cards, against tests/vectors/operations, which the server passes too. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { beforeEach, test } from 'node:test';

import { cardKey, effectsOf, factsOf } from '../../pwa/worker/facts.js';
import { sayingsOf } from '../../pwa/worker/registers.js';
import { TooLarge, append } from '../../pwa/worker/outbox.js';
import { setMeta } from '../../pwa/worker/store/meta.js';
import { START, enrolled, newDevice, records, setClock } from './support/device.js';

const OPERATIONS = new URL('../vectors/operations/', import.meta.url);

const files = readdirSync(OPERATIONS).filter((name) => name.endsWith('.json'));
assert.ok(files.length >= 9);
for (const file of files) {
  test(file, () => {
    for (const { name, text, effects, sayings } of JSON.parse(readFileSync(new URL(file, OPERATIONS), 'utf8'))) {
      const { kind, version, body, id, author } = JSON.parse(text);
      assert.equal(`${kind}.v${version}.json`, file);
      assert.deepEqual(effectsOf(kind, body), effects, name);
      if (sayings) assert.deepEqual(sayingsOf(kind, body, author), sayings, name);
      const sums = new Map();
      for (const effect of effects) sums.set(cardKey(effect), (sums.get(cardKey(effect)) ?? 0) + effect.quantity);
      const facts = factsOf(kind, body, { id, effective_at: START });
      assert.deepEqual(new Map(facts.map((card) => [cardKey(card), card.fact.quantity])), sums, name);
      for (const { fact } of facts) {
        assert.deepEqual([fact.id, fact.effective_at, fact.type], [id, START, kind === 'stock.count' ? 'count' : 'movement']);
      }
    }
  });
}

beforeEach(async () => {
  await newDevice();
  await enrolled();
});

test('a body is written in its newest version', async () => {
  await append('stock.issue', { destination: { supplier: 'CMS' }, lines: [line] });
  await append('stock.count', { lines: [{ product: 'P1', lot: null, counted: 1 }] });
  assert.deepEqual((await records()).map(({ text }) => JSON.parse(text).version), [2, 1]);
});

const line = { product: 'P1', lot: null, quantity: 1 };
const last = async () => (await records()).at(-1);

test('dated by day: the bare date goes over the wire, and counts from its noon here', async () => {
  await append('stock.receive', { source: { supplier: 'CMS' }, reference: '', lines: [line] }, { occurredDay: '2026-11-20' });
  const record = await last();
  assert.equal(JSON.parse(record.text).occurred_at, '2026-11-20');
  const noon = new Date(2026, 10, 20, 12).getTime();
  assert.deepEqual([record.effective_at, record.occurred_at], [noon, noon]);
});

test('dated by a day whose noon is still to come, it is not later than it was recorded', async () => {
  setClock(new Date(2026, 10, 22, 8).getTime());
  await setMeta('offset_ms', 5000);
  await append('stock.issue', { destination: { ward: 'W' }, lines: [line] }, { occurredDay: '2026-11-22' });
  const record = await last();
  assert.equal(record.effective_at, new Date(2026, 10, 22, 8, 0, 5).getTime());
  assert.equal(record.effective_at, record.corrected_at);
});

test('what is not a day is refused, and nothing is saved', async () => {
  for (const occurredDay of ['2026-02-30', '2026-13-01', '20 November', '2026-11-20T10:00:00.000Z', '']) {
    await assert.rejects(append('stock.issue', { destination: { ward: 'W' }, lines: [line] }, { occurredDay }), RangeError, occurredDay);
  }
  assert.deepEqual(await records(), []);
});

test('the lines of both sides of a kit count towards the most that one operation may have', async () => {
  const side = Array(101).fill(line);
  await assert.rejects(append('stock.unpack', { consumed: side, produced: side }), TooLarge);
  const { seq } = await append('stock.unpack', { consumed: side.slice(1), produced: side.slice(1) });
  assert.equal(seq, 1);
  assert.deepEqual((await last()).products, ['P1']);
});

test('a reversal knows what it takes back', async () => {
  const { id } = await append('stock.issue', { destination: { ward: 'W' }, lines: [line] });
  await append('stock.reverse', { operation: id, reason: 'Wrong ward' });
  const { text, reverses, products } = await last();
  assert.deepEqual(JSON.parse(text).body, { operation: id, reason: 'Wrong ward' });
  assert.deepEqual([reverses, products], [id, []]);
});
