/** Recalls at the facility: told first, answered lot by lot with the stock moving along, none found in one tap, a record to print. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { usable } from '../../pwa/worker/fefo.js';
import { lotsOfRecall, reactionTo, stateOfRecall, stockOperations, unaccounted } from '../../pwa/worker/recall.js';
import { recallReason } from '../../pwa/worker/screens/recall_lot.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { clinic, leadsTo, open, saved, send } from './support/clinic.js';

/** @import { CardView, Recall, RecallAnswer } from '../../pwa/worker/types.js' */

const R1 = '0192f0c1-0000-7000-8000-00000000aaaa';
const HERE = `/app/recalls/${R1}`;
const LATE = { lot: 'LATE', found: '50', quarantined: '', returned: '', destroyed: '', witness: '', note: '' };
const of = (/** @type {Record<string, string>} */ more) => ({ ...LATE, ...more });

/** @param {Partial<Recall>} more */
async function calledBack(more = {}) {
  await (await database()).put('recall', { id: R1, product: 'AMOX', lots: ['LATE', 'ELSEWHERE', 'NOWHERE'], reason: 'Broken <seals>', instruction: 'Set it\napart', opened_at: '2026-11-20T08:00:00.000Z', closed_at: null, ...more }, R1);
  revision.pulled += 1;
}

beforeEach(async () => {
  await clinic();
  await (await database()).put('reason', { code: 'recalled', name: 'Recalled', type: 'debit', tags: ['recall'], active: true }, 'recalled');
  revision.pulled += 1;
});

test('a recall of stock on hand is told on home, comes first among the problems, and its lots are not proposed any more', async () => {
  assert.doesNotMatch((await open('/app')).body, /Recall:/);
  await calledBack();
  assert.match((await open('/app')).body, /notice-bad" href="\/app\/recalls\/[^"]+"[\s\S]*Recall: Amoxicillin[\s\S]*do not give it out[\s\S]*1 problem needs a look/);
  assert.match((await open('/app/problems')).body, /<h2>Recalls[\s\S]*Lot LATE, Lot ELSEWHERE[\s\S]*50 on hand: take it off the shelf/);
  await send('/app/issue', { type: 'ward', 'name-ward': 'OPD', date: '2026-11-22' });
  assert.match((await open('/app/issue/product/AMOX')).body, /Taken in this order[\s\S]*SOON[\s\S]*Left out[\s\S]*LATE \(50, recalled or in quarantine\)/);
  const { body } = await open(HERE);
  assert.match(body, /Do not give it out[\s\S]*Broken &lt;seals&gt;[\s\S]*Lot LATE[\s\S]*On hand: 50[\s\S]*Not answered yet[\s\S]*Lot ELSEWHERE[\s\S]*None on the book/);
});

test('what was found is set apart, returned and destroyed in one go, with the answer', async () => {
  await calledBack();
  assert.match((await open(`${HERE}/lot?lot=LATE`)).body, /name="found" value="50"[\s\S]*Returned to Regional store/);
  leadsTo(await send(`${HERE}/lot`, of({ quarantined: '30', returned: '15', destroyed: '5', witness: 'Kofi <K>', note: 'in the yard' })));
  const lot = { number: 'LATE', expiry: '2028-01-31' };
  assert.deepEqual((await saved()).map(({ kind, body }) => [kind, body]), [
    ['location.set', { code: 'QUARANTINE', name: 'Quarantine', active: true }],
    ['stock.move', { lines: [{ product: 'AMOX', lot, quantity: 30, to: { location: 'QUARANTINE' } }] }],
    ['stock.issue', { destination: { facility: 'W1' }, purpose: 'return', reference: '', lines: [{ product: 'AMOX', lot, quantity: 15 }] }],
    ['stock.adjust', { lines: [{ product: 'AMOX', lot, quantity: -5, reason: 'recalled' }] }],
    ['recall.answer', { recall: R1, product: 'AMOX', lot: 'LATE', found: 50, quarantined: 30, returned: 15, destroyed: 5, witness: 'Kofi <K>', note: 'in the yard' }],
  ]);
  assert.match((await open(HERE)).body, /50 found[\s\S]*30 in quarantine[\s\S]*15 returned[\s\S]*5 destroyed[\s\S]*ama[\s\S]*None found of the 2 lots/);
  assert.match((await open('/app/stock/AMOX')).body, /QUARANTINE[\s\S]*30/);
  const { body } = await open(`${HERE}/record`);
  assert.match(body, /Riverside \(F1\)[\s\S]*Broken &lt;seals&gt;[\s\S]*LATE[\s\S]*50[\s\S]*30[\s\S]*15[\s\S]*5[\s\S]*Kofi &lt;K&gt;[\s\S]*in the yard[\s\S]*Witness \(name, signature, date\)[\s\S]*data-print/);
  // The delivery note of what went back.
  const [, back] = /** @type {any[]} */ ((await saved()).filter(({ kind }) => kind !== 'location.set'));
  assert.match((await open(`/app/note/${back.id}`)).body, /Return note/);
});

test('lots that are not on the book are answered in one tap, and then nothing is left to do', async () => {
  await calledBack();
  leadsTo(await send(`${HERE}/none`, {}));
  assert.deepEqual((await saved()).map(({ body }) => [body.lot, body.found]), [['ELSEWHERE', 0], ['NOWHERE', 0]]);
  assert.match((await open(HERE)).body, /None found/);
  assert.equal(leadsTo(await send(`${HERE}/none`, {})), HERE);
  assert.equal((await saved()).length, 2);
  leadsTo(await send(`${HERE}/lot`, of({ destroyed: '50', witness: 'Kofi' })));
  assert.doesNotMatch((await open('/app')).body, /Recall:|problems? needs? a look/);
  assert.match((await open('/app/problems')).body, /Nothing needs a look|Answered/);
});

test('a recall of everything names the lots that are here; of nothing here, one tap', async () => {
  await calledBack({ lots: [] });
  assert.match((await open(HERE)).body, /All lots[\s\S]*Lot OLD[\s\S]*Lot SOON[\s\S]*Lot LATE/);
  await calledBack({ product: 'NEW', lots: [] });
  assert.match((await open('/app')).body, /notice-warn[\s\S]*Look for it and answer/);
  leadsTo(await send(`${HERE}/none`, {}));
  assert.deepEqual((await saved()).map(({ body }) => [body.product, body.lot]), [['NEW', '']]);
  assert.doesNotMatch((await open('/app')).body, /Recall:/);
});

for (const [fields, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
  [{ found: '' }, /Enter a number/], [{ found: '-1' }, /cannot be below 0/], [{ quarantined: 'x' }, /Whole numbers only/], [{ quarantined: '51' }, /1 more than was found/],
  [{ destroyed: '50' }, /Enter who saw it destroyed/], [{ quarantined: '40' }, /10 were found of which nothing is said[\s\S]*Is it right\?/],
  [{ found: '60', quarantined: '60' }, /takes away 10 more than the book shows/],
])) {
  test(`an answer is refused: ${words.source} ${JSON.stringify(fields)}`, async () => {
    await calledBack();
    const refused = await send(`${HERE}/lot`, of({ note: 'keep <me>', ...fields }));
    assert.equal(refused.status, 422);
    assert.match(refused.body, words);
    assert.match(refused.body, /value="keep &lt;me&gt;"/);
    assert.deepEqual(await saved(), []);
  });
}

test('a later answer moves what changed: quarantine that is destroyed, or given free again', async () => {
  await calledBack();
  leadsTo(await send(`${HERE}/lot`, of({ quarantined: '50' })));
  assert.match((await open(`${HERE}/lot?lot=LATE`)).body, /name="quarantined" value="50"/);
  leadsTo(await send(`${HERE}/lot`, of({ quarantined: '20', destroyed: '30', witness: 'Kofi' })));
  assert.deepEqual((await saved()).slice(3).map(({ kind, body }) => [kind, body.lines?.[0]?.location, body.lines?.[0]?.quantity]), [['stock.adjust', 'QUARANTINE', -30], ['recall.answer', undefined, undefined]]);
  // Fewer destroyed than was said is asked about, and the book stays.
  assert.match((await send(`${HERE}/lot`, of({ found: '40', quarantined: '20', destroyed: '20', witness: 'Kofi' }))).body, /Fewer went back or were destroyed[\s\S]*Is it right/);
  leadsTo(await send(`${HERE}/lot`, of({ found: '40', quarantined: '20', destroyed: '20', witness: 'Kofi', sure: 'yes' })));
  assert.deepEqual((await saved()).slice(5).map(({ kind }) => kind), ['recall.answer']);
});

test('who supplies this facility is asked for where it is not known', async () => {
  await (await database()).put('facility', { code: 'F1', name: 'Riverside', supplied_by: null, active: true }, 'F1');
  await calledBack();
  assert.match((await send(`${HERE}/lot`, of({ returned: '50' }))).body, /Enter who gets it back/);
  leadsTo(await send(`${HERE}/lot`, of({ returned: '50', back: 'Central stores' })));
  assert.deepEqual((await saved())[0]?.body.destination, { supplier: 'Central stores' });
});

test('what is half typed is kept; a recall that was closed says so', async () => {
  await calledBack();
  assert.equal((await send(`${HERE}/lot/draft`, of({ note: 'half <typed>' }))).status, 204);
  assert.match((await open(`${HERE}/lot?lot=LATE`)).body, /half &lt;typed&gt;/);
  assert.equal(leadsTo(await open(`${HERE}/lot?lot=unknown`)), HERE);
  await (await database()).delete('recall', R1);
  revision.pulled += 1;
  for (const reply of [await open(HERE), await open(`${HERE}/record`), await send(`${HERE}/none`, {}), await send(`${HERE}/lot`, LATE)]) {
    assert.equal(reply.status, 404);
    assert.match(reply.body, /was closed/);
  }
});

test('without the right there is nothing to tap', async () => {
  await calledBack();
  await (await database()).put('user', { name: 'ama', rights: ['stock.view'] }, 'ama');
  revision.pulled += 1;
  assert.doesNotMatch((await open(HERE)).body, /\/lot\?lot=|\/none/);
});

/** @param {string} lot @param {number} on_hand @param {string} [location] @returns {CardView} */
function card(lot, on_hand, location = '') {
  return { facility: 'F1', product: 'A', lot, expiry: '2028-01-31', location, account: '', on_hand, provisional: false, counted_at: null, moved_at: null, vvm: null };
}

const answer = (/** @type {Partial<RecallAnswer>} */ more) => /** @type {RecallAnswer} */ ({ recall: R1, product: 'A', lot: 'X', found: 0, quarantined: 0, returned: 0, destroyed: 0, witness: '', note: '', author: 'ama', at: 0, own: true, ...more });
const recall = (/** @type {string[]} */ lots, /** @type {RecallAnswer[]} */ answers = []) => /** @type {Recall} */ ({ id: R1, product: 'A', lots, answers, reason: '', instruction: '', opened_at: '', closed_at: null });

test('the lots of a recall: the named ones and goods without a number, else all that are here or were answered for', () => {
  const cards = [card('X', 5), card('X', 3, 'QUARANTINE'), card('Y', -2), card('', 4), card('Z', 0)];
  assert.deepEqual(lotsOfRecall(recall(['X', 'Q']), cards).map(({ lot, on_shelf, apart }) => [lot, on_shelf, apart]), [['X', 5, 3], ['Q', 0, 0], ['', 4, 0]]);
  assert.deepEqual(lotsOfRecall(recall([], [answer({ lot: 'Z' })]), cards).map(({ lot }) => lot), ['X', '', 'Z']);
  assert.deepEqual(lotsOfRecall(recall([]), []).map(({ lot }) => lot), ['']);
  assert.equal(stateOfRecall(lotsOfRecall(recall(['X']), [card('X', 3, 'QUARANTINE')])), 'unanswered');
  assert.equal(stateOfRecall(lotsOfRecall(recall(['X'], [answer({})]), [card('X', 3, 'QUARANTINE')])), 'done');
  assert.equal(stateOfRecall(lotsOfRecall(recall(['X'], [answer({})]), [card('X', 3)])), 'urgent');
  assert.equal(unaccounted({ found: 9, quarantined: 4, returned: 3, destroyed: 1 }), 1);
  assert.deepEqual(usable([card('X', 3, 'QUARANTINE'), { ...card('Y', 3), recalled: true }, card('Z', 1)], '2026-11-22').map(({ lot }) => lot), ['Z']);
});

test('what an answer makes of the stock, over several places, and of what the book does not know', () => {
  const lotOf = (/** @type {CardView[]} */ cards, /** @type {RecallAnswer[]} */ answers = []) => /** @type {any} */ (lotsOfRecall(recall(['X'], answers), cards)[0]);
  const figures = (/** @type {any} */ reaction) => Object.fromEntries(Object.entries(reaction).map(([name, taken]) => [name, Array.isArray(taken) ? taken.map((one) => [one.card.location, one.quantity]) : taken]));
  const two = [card('X', 5, 'A'), card('X', 4, 'B')];
  assert.deepEqual(figures(reactionTo(lotOf(two), { found: 9, quarantined: 6, returned: 1, destroyed: 2 })), {
    setApart: [['A', 5], ['B', 1]], returned: [['B', 1]], destroyed: [['B', 2]], putBack: [], beyond: 0,
  });
  assert.deepEqual(figures(reactionTo(lotOf(two), { found: 12, quarantined: 0, returned: 0, destroyed: 12 })), { setApart: [], returned: [], destroyed: [['A', 5], ['B', 7]], putBack: [], beyond: 3 });
  assert.deepEqual(figures(reactionTo(lotOf([]), { found: 2, quarantined: 2, returned: 0, destroyed: 0 })), { setApart: [['', 2]], returned: [], destroyed: [], putBack: [], beyond: 2 });
  const before = [answer({ found: 9, quarantined: 9 })];
  const apart = [card('X', 9, 'QUARANTINE')];
  assert.deepEqual(figures(reactionTo(lotOf(apart, before), { found: 9, quarantined: 2, returned: 4, destroyed: 1 })), { setApart: [], returned: [['QUARANTINE', 4]], destroyed: [['QUARANTINE', 1]], putBack: [['QUARANTINE', 2]], beyond: 0 });
  // Said again, nothing moves again.
  assert.deepEqual(stockOperations(reactionTo(lotOf(apart, before), { found: 9, quarantined: 9, returned: 0, destroyed: 0 }), { back: {}, reference: '', reason: 'recalled' }), []);
});

test('the reason for what was destroyed', () => {
  const reason = (/** @type {string} */ code, /** @type {string[]} */ tags = []) => ({ code, name: code, type: /** @type {const} */ ('debit'), tags });
  assert.deepEqual([recallReason([reason('a'), reason('b', ['recall']), reason('recalled')])?.code, recallReason([reason('a'), reason('b', ['recall'])])?.code, recallReason([reason('a')])?.code, recallReason([])], ['recalled', 'b', 'a', undefined]);
});
