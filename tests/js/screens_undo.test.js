/** Undoing: what one recorded oneself today, once, with a reason; what it would do is shown before. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { append } from '../../pwa/worker/outbox.js';
import { obstacle } from '../../pwa/worker/screens/undo_rules.js';
import { storeAnswers } from '../../pwa/worker/store/records.js';
import { RIGHTS, clinic, leadsTo, open, saved, send } from './support/clinic.js';
import { START, enrolled, wait } from './support/device.js';

beforeEach(clinic);

const SOON = { product: 'AMOX', lot: { number: 'SOON', expiry: '2026-12-31' } };
const issue = async (quantity = 4) => (await append('stock.issue', { destination: { ward: 'OPD' }, lines: [{ ...SOON, quantity }] })).id;
const DAY = 24 * 3600 * 1000;

test('two taps undo: the list, then a reason; the cards are shown before', async () => {
  const id = await issue();
  assert.match((await open('/app/operations')).body, new RegExp(`href="/app/operations/${id}"`));
  const { body } = await open(`/app/operations/${id}`);
  assert.match(body, /To OPD[\s\S]*Amoxicillin[\s\S]*Lot SOON[\s\S]*−4[\s\S]*The stock becomes:[\s\S]*Lot SOON[\s\S]*6 [\s\S]*→[\s\S]*10/);
  assert.equal(leadsTo(await send(`/app/operations/${id}`, { why: 'Entered twice', reason: '' })), `/app/operations/${id}`);
  assert.deepEqual((await saved())[1]?.body, { operation: id, reason: 'Entered twice' });
  const after = (await open(`/app/operations/${id}`)).body;
  assert.match(after, /This was undone\.[\s\S]*Entered twice/);
  assert.doesNotMatch(after, /name="why"/);
  assert.match((await open('/app/operations')).body, /Undone/);
  assert.match((await open('/app/stock/AMOX')).body, /Lot SOON[\s\S]*?10</);
});

test('it is undone once, whatever is sent again', async () => {
  const id = await issue();
  await send(`/app/operations/${id}`, { why: 'Wrong quantity' });
  await send(`/app/operations/${id}`, { why: 'Wrong quantity' });
  assert.equal((await saved()).length, 2);
});

test('a reason is asked for, and what was typed stays', async () => {
  const id = await issue();
  const refused = await send(`/app/operations/${id}`, { reason: '  ', own: 'yes' });
  assert.equal(refused.status, 422);
  assert.match(refused.body, /Say in a word why/);
  leadsTo(await send(`/app/operations/${id}`, { reason: 'ልክ አይደለም', own: 'yes' }));
  assert.equal((await saved())[1]?.body.reason, 'ልክ አይደለም');
});

test('what was counted since stays as it is, and a fall below zero is told', async () => {
  const id = await issue();
  wait(60_000);
  await append('stock.count', { lines: [{ ...SOON, counted: 9 }] });
  assert.match((await open(`/app/operations/${id}`)).body, /counted or changed since: stays as it is[\s\S]*9 [\s\S]*→[\s\S]*9/);
  const { id: receipt } = await append('stock.receive', { source: { supplier: 'X' }, reference: '', lines: [{ product: 'ZINC', lot: { number: 'Z9', expiry: '2028-01-31' }, quantity: 5 }] });
  await append('stock.issue', { destination: { ward: 'OPD' }, lines: [{ product: 'ZINC', lot: { number: 'Z9', expiry: '2028-01-31' }, quantity: 5 }] });
  assert.match((await open(`/app/operations/${receipt}`)).body, /0 [\s\S]*→[\s\S]*-5[\s\S]*would fall below zero/);
});

test('a count is undone: the book is as before it', async () => {
  const { id } = await append('stock.count', { lines: [{ ...SOON, counted: 3 }] });
  assert.match((await open(`/app/operations/${id}`)).body, /3 [\s\S]*→[\s\S]*10/);
  await send(`/app/operations/${id}`, { why: 'Wrong product or lot' });
  assert.match((await open('/app/stock/AMOX')).body, /Lot SOON[\s\S]*?10</);
});

test('what is held, another\'s, older or no movement is explained and cannot be undone', async () => {
  const id = await issue();
  const refused = async (/** @type {RegExp} */ words) => {
    const { body } = await open(`/app/operations/${id}`);
    assert.match(body, words);
    assert.doesNotMatch(body, /name="why"/);
    const before = (await saved()).length;
    leadsTo(await send(`/app/operations/${id}`, { why: 'Entered twice' }));
    assert.equal((await saved()).length, before);
  };
  await enrolled({ user: 'kofi' });
  await refused(/ama recorded this\. Ask them/);
  await enrolled();
  wait(DAY);
  await refused(/Only what you recorded today/);
  await storeAnswers([{ id, outcome: 'held', exceptions: [] }], START + DAY);
  await refused(/held until a person decides/);
  assert.equal((await open('/app/operations/nothing')).status, 404);
});

test('the obstacles in their order', async () => {
  const record = /** @type {any} */ ({ kind: 'stock.issue', facility: 'F1', author: 'ama', saved_at: START, state: 'waiting' });
  const here = { user: 'ama', facility: 'F1', rights: RIGHTS, now: START, undone: false };
  for (const [change, around, why] of /** @type {[object, object, string | null][]} */ ([
    [{}, {}, null], [{ kind: 'stock.move' }, {}, null], [{ kind: 'stock.reverse' }, {}, 'kind'], [{ kind: 'device.gap' }, {}, 'kind'], [{}, { undone: true }, 'undone'],
    [{ facility: 'F2' }, {}, 'elsewhere'], [{ outcome: 'held' }, {}, 'held'], [{ state: 'set_aside' }, {}, 'aside'], [{}, { user: 'kofi' }, 'other'],
    [{}, { now: START + DAY }, 'old'], [{}, { rights: [] }, 'right'],
  ])) assert.equal(obstacle({ ...record, ...change }, { ...here, ...around }), why);
});
