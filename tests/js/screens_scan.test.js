/** Scanning, by function call: a code leads to its product with lot and expiry, or says why not and what to do. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { taskAt, taskOf } from '../../pwa/worker/scan_door.js';
import { database, revision } from '../../pwa/worker/store/database.js';
import { RIGHTS, clinic, leadsTo, open, saved, send } from './support/clinic.js';

const GTIN = '06291041500213';
const OTHER = '04012345678901';
const pack = (/** @type {string} */ lot, expiry = '280131', gtin = GTIN) => `]d201${gtin}17${expiry}10${lot}`;

/** @param {string} code @param {string[]} gtins */
async function known(code, ...gtins) {
  const db = await database();
  const row = await db.get('product', code);
  await db.put('product', { ...row, identifiers: gtins.map((value) => ({ system: 'gtin', value })) }, code);
  revision.pulled += 1;
}

beforeEach(async () => {
  await clinic();
  const db = await database();
  await db.put('user', { name: 'ama', role: 'nurse', rights: [...RIGHTS, 'product.identify'] }, 'ama');
  await known('AMOX', GTIN);
});

/** @param {'receive' | 'issue'} way */
async function begun(way) {
  leadsTo(await send(`/app/${way}`, way === 'issue' ? { type: 'ward', 'name-ward': 'Maternity', date: '2026-11-22' } : { type: 'facility', facility: 'W1', reference: '', date: '2026-11-22' }));
}

test('what a scan is for follows from where it is made', () => {
  const at = (/** @type {string} */ path) => taskAt(path)?.name;
  assert.deepEqual(['/app', '/app/stock', '/app/adjust/AMOX', '/app/receive/lines', '/app/issue/product'].map(at), ['stock', 'stock', 'adjust', 'receive', 'issue']);
  assert.deepEqual(taskAt('/app/count/0192-aa/item/AMOX'), { name: 'count', session: '0192-aa' });
  assert.deepEqual(['/app/count', '/app/count/0192-aa/summary', '/app/operations', '/app/receive/saved', '/app/scan'].map(taskAt), [null, null, null, null, null]);
  assert.deepEqual(['count', 'count/', 'stock/1', 'other', '', null].map(taskOf), [null, null, null, null, null, null]);
});

test('stock: straight to the product, with its lot and expiry told', async () => {
  const to = leadsTo(await send('/app/scan', { for: 'stock', code: pack('LATE') }));
  assert.equal(to, '/app/stock/AMOX?scanned=LATE&exp=2028-01-31');
  assert.match((await open(to)).body, /Scanned: lot LATE[\s\S]*Expires 31 Jan 2028/);
});

test('an expired pack, a lot that the book has not, and another expiry are told at once', async () => {
  const expired = await open(leadsTo(await send('/app/scan', { for: 'stock', code: pack('GONE', '200131') })));
  assert.match(expired.body, /notice-bad" role="alert">[\s\S]*Expired 31 Jan 2020[\s\S]*put it apart[\s\S]*The book has none of this lot/);
  const other = await open(leadsTo(await send('/app/scan', { for: 'stock', code: pack('LATE', '290228') })));
  assert.match(other.body, /The book says that this lot expires on 31 Jan 2028/);
});

test('receive: lot and expiry are filled in, and a number that was typed for no lot yet stays', async () => {
  await begun('receive');
  await send('/app/receive/product/AMOX/draft', { number: '', expiry: '', quantity: '20' });
  const to = leadsTo(await send('/app/scan', { for: 'receive', code: pack('N<1'), at: '/app/receive/product/AMOX', typed: 'yes' }));
  const { body } = await open(to);
  assert.match(body, /id="number"[^>]*value="N&lt;1"[\s\S]*id="expiry"[^>]*value="2028-01-31"[\s\S]*id="quantity"[^>]*value="20"/);
});

test('receive: a number typed for another lot is not given to the new one, nor lost without a question', async () => {
  await begun('receive');
  await send('/app/receive/product/AMOX/draft', { number: 'A', expiry: '2028-01-31', quantity: '20' });
  const fields = { for: 'receive', code: pack('B'), at: '/app/receive/product/AMOX', typed: 'yes' };
  const asked = await send('/app/scan', fields);
  assert.equal(asked.status, 422);
  assert.match(asked.body, /another lot of Amoxicillin 250 mg is not added yet/);
  assert.match((await open('/app/receive/product/AMOX')).body, /value="A"[\s\S]*value="20"/);
  leadsTo(await send('/app/scan', { ...fields, sure: 'yes' }));
  assert.match((await open('/app/receive/product/AMOX')).body, /id="number"[^>]*value="B"[\s\S]*id="quantity"[^>]*value=""/);
});

test('a number that is half typed elsewhere is asked about, and kept', async () => {
  await known('PARA', OTHER);
  await send('/app/adjust/AMOX/draft', { card: '', reason: '', quantity: '7' });
  const asked = await send('/app/scan', { for: 'adjust', code: pack('P1', '280630', OTHER), at: '/app/adjust/AMOX', typed: 'yes' });
  assert.match(asked.body, /is not saved yet[\s\S]*href="\/app\/adjust\/AMOX"/);
  assert.match((await open('/app/adjust/AMOX')).body, /value="7"/);
});

test('before it is said where goods come from or go to, the scan is kept', async () => {
  assert.match((await open(leadsTo(await send('/app/scan', { for: 'receive', code: pack('N1') })))).body, /It is kept\./);
  await begun('receive');
  assert.match((await open('/app/receive/product/AMOX')).body, /value="N1"/);
});

test('issue: the lot that expires first goes as ever, another one is asked for by itself, an expired one is not given out', async () => {
  await begun('issue');
  assert.match(leadsTo(await send('/app/scan', { for: 'issue', code: pack('SOON', '261231') })), /^\/app\/issue\/product\/AMOX\?/);
  const other = leadsTo(await send('/app/scan', { for: 'issue', code: pack('LATE') }));
  assert.match(other, /^\/app\/issue\/product\/AMOX\/lots\?/);
  assert.match((await open(other)).body, /Another lot expires sooner[\s\S]*id="figure-2"[^>]* autofocus/);
  assert.match((await open(leadsTo(await send('/app/scan', { for: 'issue', code: pack('OLD', '261031') })))).body, /do not give it out/);
});

test('adjust: the lot is chosen, what was typed stays', async () => {
  await send('/app/adjust/AMOX/draft', { card: '', reason: '', quantity: '3' });
  const to = leadsTo(await send('/app/scan', { for: 'adjust', code: pack('SOON', '261231'), at: '/app/adjust/AMOX', typed: 'yes' }));
  assert.match((await open(to)).body, /value="\[&quot;SOON&quot;,&quot;&quot;,&quot;&quot;\]" checked[\s\S]*value="3"/);
});

test('count: the lot has the focus, and one that is not on the list is added to it', async () => {
  const list = leadsTo(await send('/app/count', { scope: 'cards', book: 'shown' }));
  const id = list.split('/').at(-1);
  const late = leadsTo(await send('/app/scan', { for: `count/${id}`, code: pack('LATE') }));
  assert.match((await open(late)).body, /aria-label="Lot LATE: how many are there\?" autofocus/);
  const added = leadsTo(await send('/app/scan', { for: `count/${id}`, code: pack('FRESH', '290131') }));
  assert.match((await open(added)).body, /Scanned: lot FRESH[\s\S]*aria-label="Lot FRESH: how many are there\?" autofocus/);
});

test('an unknown code is linked in two taps, sent, and known from then on', async () => {
  const search = leadsTo(await send('/app/scan', { for: 'stock', code: pack('N-77', '280731', OTHER) }));
  const { body } = await open(`${search}&q=quin`);
  assert.match(body, /No product here has this code yet/);
  const door = /href="(\/app\/scan\/link\/NEW\?[^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '';
  assert.match((await open(door)).body, /Quinine 300 mg[\s\S]*04012345678901[\s\S]*Lot N-77/);
  const fields = { for: 'stock', code: pack('N-77', '280731', OTHER), remember: 'yes' };
  assert.match(leadsTo(await send('/app/scan/link/NEW', fields)), /^\/app\/stock\/NEW\?scanned=N-77/);
  const [link, ...more] = await saved();
  assert.equal(more.length, 0);
  assert.equal(link?.kind, 'product.identify');
  assert.deepEqual(link?.body, { product: 'NEW', system: 'gtin', value: OTHER, active: true });
  assert.match(leadsTo(await send('/app/scan', { for: 'adjust', code: OTHER })), /^\/app\/adjust\/NEW\?/);
});

test('without the right one goes on with the product, and nothing is remembered', async () => {
  await (await database()).put('user', { name: 'ama', role: 'nurse', rights: RIGHTS }, 'ama');
  revision.pulled += 1;
  const fields = { for: 'stock', code: OTHER, remember: 'yes' };
  assert.match(leadsTo(await send('/app/scan/link/NEW', fields)), /^\/app\/stock\/NEW/);
  assert.deepEqual(await saved(), []);
});

test('a code of two products asks which', async () => {
  await known('PARA', GTIN);
  const asked = await open(leadsTo(await send('/app/scan', { for: 'stock', code: GTIN })));
  assert.match(asked.body, /more than one product[\s\S]*value="AMOX"[\s\S]*value="PARA"/);
  assert.match(leadsTo(await send('/app/scan', { for: 'stock', code: GTIN, product: 'PARA' })), /^\/app\/stock\/PARA/);
});

for (const [code, words] of /** @type {[string, RegExp][]} */ ([
  ['6291041500214', /One digit of this code is wrong/], [']d1[)>\x1e06\x1d9N110375286414', /may be of another country/], ['<b>', /no product code that Bincard knows/],
  [`]d201${GTIN}1727`, /The end of this code is missing/], [`01${GTIN}10ABCDEFGH1727041521SERIAL1`, /run together/], [']C100340123450000000000', /label of a pallet/],
])) {
  test(`${JSON.stringify(code)} is explained, and is there to be corrected`, async () => {
    const { body } = await open(leadsTo(await send('/app/scan', { for: 'receive', code })));
    assert.match(body, words);
    assert.ok(body.includes(`value="${code.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`));
    assert.match(body, /href="\/app\/receive\/product"/);
  });
}
