/** A device without a network: what waits in a file, answers that come back, and the files of other devices. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { bring, ownLines, takeIn } from '../../pwa/worker/carrier.js';
import { append, flush, waiting } from '../../pwa/worker/outbox.js';
import { carriedFiles } from '../../pwa/worker/store/carried.js';
import { getMeta, setMeta } from '../../pwa/worker/store/meta.js';
import { eraseIfDrained } from '../../pwa/worker/store/wipe.js';
import { contextOf } from '../../pwa/worker/context.js';
import { answer } from '../../pwa/worker/router.js';
import { clinic, leadsTo, open, send } from './support/clinic.js';
import { DEVICE, FakeServer, START, dropRequest, enrolled, json, newDevice, records, refuse, restarted, wait } from './support/device.js';

const OTHER = '0192f0aa-0000-7000-8000-000000000002';

/** @type {FakeServer} */
let server;

beforeEach(async () => {
  await newDevice();
  await enrolled();
  server = new FakeServer();
  globalThis.fetch = /** @type {typeof fetch} */ (async (url, options) => {
    const sent = new Headers(options?.headers);
    if (String(url) !== '/sync/carried') return server.fetch(String(url), options);
    const raw = await new Response(options?.body).arrayBuffer();
    const text = sent.get('Content-Encoding') === 'gzip' ? gunzipSync(Buffer.from(raw)).toString() : Buffer.from(raw).toString();
    server.requests.push({ url: String(url), headers: sent, text, body: JSON.parse(text) });
    const work = () => new Response(office([text])[0], { status: 200, headers: { 'Content-Type': 'application/json' } });
    const step = server.script.shift();
    return step ? step(work) : work();
  });
});

/** @param {string} token @param {string} purpose @param {string} text of a line before its seal */
function sealed(token, purpose, text) {
  return `${text},"seal":"${createHmac('sha256', token).update(`bincard.carry.${purpose}\n${text}`).digest('hex')}"}`;
}

/** What `bincard push` makes of the lines of a file, by the server that these tests have. @param {readonly string[]} lines @returns {string[]} */
function office(lines) {
  return lines.map((line) => {
    const text = line.slice(0, line.lastIndexOf(',"seal":'));
    const { device, made_at, part, parts } = JSON.parse(line);
    assert.equal(sealed(`token of ${device}`, 'operations', text), line);
    server.device = device;
    const { status, body: said } = server.answerTo(`{"device":${JSON.stringify(device)},${text.slice(text.indexOf('"operations"'))}}`);
    const gap = status === 409 && { gap: true, results: [], server_time: new Date(START).toISOString() };
    const body = JSON.stringify({ format: 1, device, made_at, part, parts, ...said, ...gap, people: ['ama'] });
    return sealed(`token of ${device}`, 'answers', body.slice(0, -1));
  });
}

/** @param {number} [quantity] */
const issue = (quantity = 1) => append('stock.issue', { destination: { ward: 'Ward 1' }, lines: [{ product: 'P1', lot: null, quantity }] });

/** @param {{part?: number, parts?: number, made_at?: string, device?: string}} [more] @returns {string} a line of another device's file */
function othersLine({ part = 1, parts = 1, made_at = '2026-11-21T07:00:00.000Z', device = OTHER } = {}) {
  const operation = `{"id":"0192f0c1-0000-7000-8000-00000000b00${part}","kind":"stock.issue", "spaced":  1}`;
  const head = JSON.stringify({ format: 1, device, name: 'Tablet of Hilltop', epoch: 'epoch-1', made_at, part, parts });
  return sealed(`token of ${device}`, 'operations', `${head.slice(0, -1)},"operations":[{"seq":${part},"operation":${operation}}]`);
}

const gone = () => records().then((all) => all.filter(({ state }) => state === 'answered').length);

test('a file has what waits, byte for byte, under a seal and without the token; nothing leaves the outbox', async () => {
  assert.deepEqual(await ownLines(), []);
  await issue(5);
  await issue(7);
  const lines = await ownLines();
  assert.equal(lines.length, 1);
  const [line] = /** @type {[string]} */ (lines);
  const { operations, seal, ...head } = JSON.parse(line);
  assert.deepEqual(head, { format: 1, device: DEVICE, name: 'Tablet', epoch: 'epoch-1', made_at: '2026-11-22T09:00:00.000Z', part: 1, parts: 1 });
  assert.equal(seal.length, 64);
  for (const { seq, text } of await records()) assert.ok(line.includes(`{"seq":${seq},"operation":${text}}`));
  assert.equal(operations.length, 2);
  assert.ok(!line.includes('token of'));
  assert.equal(await waiting(), 2);
});

test('more than a push takes becomes several parts', async () => {
  for (let i = 0; i < 18; i += 1) await append('stock.issue', { note: 'x'.repeat(60_000), lines: [] });
  const lines = await ownLines();
  assert.deepEqual(lines.map((line) => [JSON.parse(line).part, JSON.parse(line).parts]), [[1, 2], [2, 2]]);
  for (const line of lines) assert.ok(line.length < 1024 * 1024);
  assert.deepEqual(lines.flatMap((line) => JSON.parse(line).operations.map((/** @type {any} */ one) => one.seq)), Array.from({ length: 18 }, (_, i) => i + 1));
  const taken = await takeIn(`\ufeff${office(lines).join('\r\n')}\r\n`);
  assert.deepEqual([taken, await waiting()], [{ is: 'answers', settled: 18, again: false, copied: false }, 0]);
});

test('what is damaged, forged, of another kind or for another is refused and changes nothing', async () => {
  await issue();
  const own = /** @type {string} */ ((await ownLines())[0]);
  const good = /** @type {string} */ (office([own])[0]);
  const flipped = good.replace(/.(?="}$)/, (digit) => (digit === '0' ? '1' : '0'));
  const cut = good.slice(0, good.lastIndexOf(',"seal"'));
  /** @type {[string, string][]} */
  const cases = [
    ['', 'empty'], ['\n \r\n', 'empty'], ['GIF89a', 'unreadable'], ['null', 'unreadable'], ['[]', 'unreadable'], [good.slice(0, -9), 'unreadable'],
    [`${cut}}`, 'unreadable'], [good.replace('"format":1', '"format":2'), 'unknown_format'], [good.replace('"parts":1', '"parts":2'), 'bad_seal'], [own.replace('"parts":1', '"parts":2'), 'not_whole'],
    [`${good}\n${good}`, 'not_whole'], [`${good}\n${own}`, 'not_whole'], [flipped, 'bad_seal'], [good.replace('"applied"', '"flagged"'), 'bad_seal'],
    [sealed('a guess', 'answers', cut), 'bad_seal'], [sealed(`token of ${DEVICE}`, 'operations', cut), 'bad_seal'],
    [good.replace(DEVICE, OTHER), 'answers_of_other'], [own, 'own_file'],
    // Rightly sealed, and still no answer.
    [sealed(`token of ${DEVICE}`, 'answers', JSON.stringify({ format: 1, device: DEVICE, made_at: '2026-11-22', part: 1, parts: 1, results: [] }).slice(0, -1)), 'bad_seal'],
  ];
  for (const [text, why] of cases) assert.deepEqual(await takeIn(text), { is: 'refused', why }, text.slice(0, 300));
  assert.deepEqual([await waiting(), await carriedFiles()], [1, []]);
});

test('answers settle what they name, once, and only that', async () => {
  const { id } = await issue(5);
  const lines = await ownLines();
  await issue(7);
  const answers = office(lines).join('\n');
  const strange = answers.replace(/"results":\[/, '"results":[{"id":"0192f0c1-0000-7000-8000-00000000ffff","seq":9,"outcome":"applied","exceptions":[]},');
  const again = sealed(`token of ${DEVICE}`, 'answers', strange.slice(0, strange.lastIndexOf(',"seal"')));
  assert.deepEqual(await takeIn(again), { is: 'answers', settled: 1, again: false, copied: false });
  assert.deepEqual((await records()).map(({ state, outcome }) => [state, outcome]), [['answered', 'applied'], ['waiting', undefined]]);
  assert.deepEqual(await takeIn(answers), { is: 'answers', settled: 0, again: false, copied: false });
  await restarted();
  assert.equal((await records())[0].id, id);
  assert.equal(await waiting(), 1);
  assert.deepEqual(await getMeta('people'), ['ama']);
});

test('pushed over a network meanwhile, each operation counts once and old answers make nothing wait again', async () => {
  await issue(5);
  const lines = await ownLines();
  const answers = office(lines).join('\n');
  assert.equal(server.ledger.size, 1);
  wait(60_000);
  await issue(7);
  await flush({ now: true });
  assert.deepEqual([await gone(), server.ledger.size, server.requests.at(-1)?.body.operations.length], [2, 2, 2]);
  // They say that number 2 is due: that was true, and is no more.
  assert.deepEqual(await takeIn(answers), { is: 'answers', settled: 0, again: false, copied: false });
  assert.equal(await gone(), 2);
  assert.equal(office(lines).length, 1);
  assert.equal(server.ledger.size, 2);
});

test('a gap makes the device save what is due from there on', async () => {
  await issue(1);
  await takeIn(office(await ownLines()).join('\n'));
  await issue(2);
  // The server was put back to before the first.
  server.ledger.clear();
  server.expected = 1;
  server.epoch = 'epoch-2';
  const answers = office(await ownLines());
  assert.equal(JSON.parse(/** @type {string} */ (answers[0])).gap, true);
  assert.deepEqual(await takeIn(answers.join('\n')), { is: 'answers', settled: 0, again: true, copied: false });
  assert.equal(await waiting(), 2);
  assert.deepEqual(await takeIn(office(await ownLines()).join('\n')), { is: 'answers', settled: 2, again: false, copied: false });
  assert.deepEqual(server.applied.map(({ body }) => body.lines[0].quantity), [1, 2]);
});

test('answers that tell of a copy pause the sending, and the screen says so', async () => {
  await clinic();
  await issue();
  server.decide = () => ({ outcome: 'flagged', exceptions: [{ id: 'x', code: 'seq_reused', line: -1, detail: { seq: 1 } }] });
  const place = leadsTo(await give(office(await ownLines()).join('\n')));
  assert.match((await open(place)).body, /copy of another one[\s\S]*\/app\/sign-in/);
  assert.equal((await getMeta('paused'))?.reason, 'seq_reused');
});

test('answers of before the server was restored settle nothing once the device has heard of its new life', async () => {
  await issue();
  const answers = office(await ownLines()).join('\n');
  wait(60_000);
  await setMeta('epoch', 'epoch-2');
  await setMeta('heard_at', START + 60_000);
  assert.deepEqual(await takeIn(answers), { is: 'refused', why: 'old_answers' });
  assert.deepEqual([await waiting(), await getMeta('epoch')], [1, 'epoch-2']);
});

test('another device\'s file is kept apart, over a restart, brought once with patience, and its answers go back', async () => {
  await issue();
  const lines = [othersLine({ part: 1, parts: 2 }), othersLine({ part: 2, parts: 2 })];
  assert.deepEqual(await takeIn(lines.join('\n')), { is: 'carried', fresh: 2 });
  assert.deepEqual(await takeIn(lines.join('\n')), { is: 'carried', fresh: 0 });
  await restarted();
  assert.equal(await waiting(), 1);
  server.script = [dropRequest, refuse(503), () => new Response('<h1>Welcome to the hotel</h1>', { status: 200 }), () => json(403, { title: 'a proxy' })];
  for (let i = 0; i < 4; i += 1) {
    assert.equal(await bring(), false);
    assert.equal(await bring(), false, 'not before it is due');
    wait(300_001);
  }
  assert.equal(server.requests.length, 4);
  assert.equal(await getMeta('paused'), undefined);
  assert.equal(await bring(), true);
  assert.deepEqual(server.requests.slice(4).map(({ text, headers }) => [text, headers.get('Authorization')]), lines.map((line) => [line, `Bearer token of ${DEVICE}`]));
  assert.equal(await bring({ now: true }), false);
  const [file] = await carriedFiles();
  assert.deepEqual([file?.state, file?.count, file?.name], ['answered', 2, 'Tablet of Hilltop']);
  assert.equal(await waiting(), 1);
  // The other device takes the answers in.
  const answers = file?.parts.map((part) => part.answers).join('\n') ?? '';
  await newDevice();
  await enrolled({ device: OTHER });
  assert.deepEqual(await takeIn(answers), { is: 'answers', settled: 0, again: false, copied: false });
});

test('what the server refuses for good is not tried again; what shuts this device out pauses it', async () => {
  await takeIn(othersLine());
  server.script = [refuse(422, { type: 'urn:bincard:problem:carried_revoked', detail: 'revoked' })];
  assert.equal(await bring(), true);
  assert.equal(await bring({ now: true }), false);
  assert.deepEqual((await carriedFiles()).map(({ state, parts }) => [state, parts[0]?.refusal]), [['refused', { code: 'carried_revoked', detail: 'revoked' }]]);
  await takeIn(othersLine({ made_at: '2026-11-21T08:00:00.000Z' }));
  server.script = [refuse(403, { type: 'urn:bincard:problem:revoked_device' })];
  assert.equal(await bring(), false);
  assert.equal((await getMeta('paused'))?.reason, 'revoked');
  assert.equal(server.requests.length, 2);
});

test('a part that nobody on the way lets through holds up its own device only, and can be given up in the end', async () => {
  await takeIn(othersLine({ made_at: '2026-11-21T06:00:00.000Z' }));
  await takeIn(othersLine({ device: 'ffffffff-0000-7000-8000-000000000003' }));
  for (let i = 0; i < 3; i += 1) {
    server.script = [() => new Response('<h1>413</h1>', { status: 413 })];
    await bring({ now: i === 0 });
    wait(300_001);
  }
  assert.deepEqual((await carriedFiles()).map(({ state }) => state).sort(), ['answered', 'waiting']);
  const { body } = await open('/app/carry');
  assert.equal(body.match(/Remove from this device/g)?.length, 2);
  await send('/app/carry/remove', { device: OTHER, made_at: '2026-11-21T06:00:00.000Z' });
  assert.deepEqual((await carriedFiles()).map(({ state }) => state), ['answered']);
});

test('a file that was damaged on its way is replaced by a good copy of it', async () => {
  const good = othersLine();
  assert.deepEqual(await takeIn(good.replace('Hilltop', 'Hillt0p')), { is: 'carried', fresh: 1 });
  assert.deepEqual(await takeIn(good), { is: 'carried', fresh: 1 });
  assert.equal((await carriedFiles())[0]?.parts[0]?.text, good);
  await bring({ now: true });
  assert.deepEqual(await takeIn(good.replace('Hilltop', 'Hillt0p')), { is: 'carried', fresh: 0 });
});

test('of a file of which one part was refused the answers of the others count', async () => {
  await takeIn([othersLine({ part: 1, parts: 3 }), othersLine({ part: 2, parts: 3 }), othersLine({ part: 3, parts: 3 })].join('\n'));
  server.script = [(work) => work(), refuse(422, { type: 'urn:bincard:problem:bad_seal', detail: 'seal' })];
  await bring({ now: true });
  const [file] = await carriedFiles();
  const answers = file?.parts.flatMap((part) => part.answers ?? []) ?? [];
  assert.equal(answers.length, 2);
  await newDevice();
  await enrolled({ device: OTHER });
  assert.deepEqual(await takeIn(answers.join('\n')), { is: 'answers', settled: 0, again: false, copied: false });
  assert.deepEqual(await takeIn([...answers].reverse().join('\n')), { is: 'refused', why: 'not_whole' });
});

test('a device is not erased while it carries for another', async () => {
  await takeIn(othersLine());
  await setMeta('wipe', { at: START });
  assert.equal(await eraseIfDrained(START), false);
  await bring();
  assert.equal(await eraseIfDrained(START), true);
  assert.deepEqual(await carriedFiles(), []);
});

/** @param {string | null} text of a file; null sends the form without one @returns {Promise<import('../../pwa/worker/types.js').Reply>} */
async function give(text) {
  const body = new FormData();
  body.set('file', new File([text ?? ''], text === null ? '' : 'ward.bincard'));
  const context = await contextOf(new Request('http://localhost/app/carry', { method: 'POST', body }), () => {});
  assert.ok(context);
  return answer(context.ctx, context.enrolled);
}

test('the screen says what to do, gives the file, takes one in and says what became of it', async () => {
  await clinic();
  assert.match((await open('/app/carry')).body, /Nothing waits to be sent/);
  assert.equal(leadsTo(await open('/app/carry/file')), '/app/carry');
  await issue(3);
  assert.match((await open('/app/carry')).body, /1 operation waits[\s\S]*href="\/app\/carry\/file"/);
  const file = await open('/app/carry/file');
  assert.match(file.headers['Content-Disposition'] ?? '', /^attachment; filename="Tablet-202611220900\.bincard"$/);
  assert.match((await give(null)).body, /Choose a file first/);
  const refused = await give(file.body);
  assert.equal(refused.status, 422);
  assert.match(refused.body, /saved on this very tablet/);
  const place = leadsTo(await give(office(file.body.trim().split('\n')).join('\n')));
  assert.match((await open(place)).body, /1 operation was answered[\s\S]*Nothing waits to be sent/);
  assert.match((await open('/app/operations')).body, /href="\/app\/carry"/);

  const taken = await open(leadsTo(await give(othersLine())));
  assert.match(taken.body, /Taken in[\s\S]*Tablet of Hilltop[\s\S]*1 operation<[\s\S]*Waits for a network/);
  const where = { device: OTHER, made_at: '2026-11-21T07:00:00.000Z' };
  const address = `/app/carry/answers/${where.device}/${encodeURIComponent(where.made_at)}`;
  assert.equal((await open(address)).status, 404);
  await send('/app/carry/remove', where);
  assert.equal((await carriedFiles()).length, 1, 'what waits is not removed');
  server.expected = 1;
  await bring();
  const shown = (await open('/app/carry')).body;
  assert.match(shown, /take the answers back/);
  assert.ok(shown.includes(`href="${address}"`), shown);
  const answers = await open(address);
  assert.equal(answers.body, `${(await carriedFiles())[0]?.parts[0]?.answers}\n`);
  assert.match(answers.headers['Content-Disposition'] ?? '', /Tablet-of-Hilltop-answers-202611210700\.bincard/);
  await send('/app/carry/remove', where);
  assert.deepEqual(await carriedFiles(), []);
});

test('a device whose sending is paused saves no file that nobody would take', async () => {
  await clinic();
  await issue();
  await setMeta('paused', { reason: 'revoked', at: START });
  assert.doesNotMatch((await open('/app/carry')).body, /\/app\/carry\/file/);
  assert.equal(leadsTo(await open('/app/carry/file')), '/app/carry');
});
