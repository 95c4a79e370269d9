/** Routes, the frame of a screen, and the HTML that escapes itself. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Html, html } from '../../pwa/worker/html.js';
import { SOURCE, filled, keyOf, speak } from '../../pwa/worker/i18n.js';
import { invalid, page, redirect } from '../../pwa/worker/layout.js';
import { answer, route } from '../../pwa/worker/router.js';

/** @import { Ctx } from '../../pwa/worker/types.js' */

/** @param {string} address @param {Partial<Ctx>} [more] @returns {Ctx} */
function ctxOf(address, more = {}) {
  const url = new URL(address, 'http://localhost');
  return {
    method: 'GET', url, params: {}, query: url.searchParams, form: new URLSearchParams(), partial: false,
    me: { user: 'ama', name: 'ama', facility: 'F1', facilityName: 'One', device: 'd', deviceName: 'Tablet', rights: [], role: 'nurse' },
    sync: { state: 'sent', waiting: 0, attention: 0, lastSentAt: null, reason: '', retryIn: null },
    later: () => {}, ...speak(SOURCE), ...more,
  };
}

test('html escapes every value that is not html, in text and in attributes', () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  assert.equal(String(html`<p title="${evil}">${evil}</p>`),
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>');
});

test('html joins arrays, keeps html, and renders nothing for null, undefined and booleans', () => {
  const items = ['<a>', 2, null].map((item) => html`<li>${item}</li>`);
  assert.equal(String(html`<ul>${items}</ul>${null}${undefined}${false}${true}${0}${[['x', [html`<b>`]]]}`), '<ul><li>&lt;a&gt;</li><li>2</li><li></li></ul>0x<b>');
});

test('an object that only looks like html is escaped', () => {
  const fake = /** @type {any} */ ({ toString: () => '<script>' });
  assert.equal(String(html`${fake}`), '&lt;script&gt;');
  assert.ok(html`` instanceof Html);
});

route('GET', '/app/u/:id/:other', () => redirect('/app/u/parameter'));
route('GET', '/app/u/:id/new', () => redirect('/app/u/literal'));
route('GET', '/app/t/new', () => redirect('/app/t/literal'));
route('GET', '/app/t/:id', (ctx) => page(ctx, { title: `T <${ctx.params.id}>`, back: '/app', body: html`<p>${ctx.params.id}</p>`, bar: html`<button>Go</button>` }));
route('POST', '/app/t/:id', (ctx) => invalid(ctx, { title: 'Wrong', body: html`<p>${ctx.form.get('n')}</p>` }));
route('GET', '/app/t/:id/broken', () => {
  throw new Error('a bug');
});
route('GET', '/app/open', (ctx) => page(ctx, { title: 'Open', body: html`` }), { open: true });

test('a literal wins over a parameter, whichever was registered first', async () => {
  assert.equal((await answer(ctxOf('/app/t/new'), true)).headers.Location, '/app/t/literal');
  assert.match((await answer(ctxOf('/app/t/other'), true)).body, /<p>other<\/p>/);
  assert.equal((await answer(ctxOf('/app/u/1/new'), true)).headers.Location, '/app/u/literal');
  assert.equal((await answer(ctxOf('/app/u/1/2'), true)).headers.Location, '/app/u/parameter');
});

test('parameters are decoded, and a slash at the end does not matter', async () => {
  assert.match((await answer(ctxOf('/app/t/a%2Fb%20%C3%A9/'), true)).body, /<p>a\/b é<\/p>/);
  assert.equal((await answer(ctxOf('/app/t/%E0%A4%A'), true)).status, 404);
});

test('a whole document carries language, direction, title, way back, sync bar and action', async () => {
  const { body, headers, status } = await answer(ctxOf('/app/t/<x>', { dir: 'rtl' }), true);
  assert.equal(status, 200);
  assert.match(body, /^<!doctype html>\n<html lang="en" dir="rtl">/);
  assert.match(body, /<title>T &lt;&lt;x&gt;&gt; · Bincard<\/title>|<title>T &lt;%3Cx%3E&gt; · Bincard<\/title>/);
  for (const piece of ['<main id="main"', 'class="back" href="/app"', 'id="sync-bar"', 'href="/app/operations"', '<footer class="bar"><button>Go']) {
    assert.ok(body.includes(piece), piece);
  }
  assert.doesNotMatch(body, /style=|<script>|onclick|hx-on/);
  assert.match(headers['Content-Security-Policy'] ?? '', /default-src 'none'/);
  assert.doesNotMatch(headers['Content-Security-Policy'] ?? '', /unsafe/);
});

test('htmx gets the swap target only, with the title', async () => {
  const { body } = await answer(ctxOf('/app/t/1', { partial: true }), true);
  assert.ok(body.startsWith('<title>T &lt;1&gt; · Bincard</title>'));
  assert.doesNotMatch(body, /<html|<body/);
});

test('an invalid form is 422 and leaves the address where it was', async () => {
  const reply = await answer(ctxOf('/app/t/1', { method: 'POST', form: new URLSearchParams('n=-5') }), true);
  assert.deepEqual([reply.status, reply.headers['HX-Push-Url']], [422, 'false']);
  assert.match(reply.body, /<p>-5<\/p>/);
});

test('a miss is 404, the wrong method 405, a screen that throws 500 in words, with a way on', async (t) => {
  t.mock.method(console, 'error', () => {});
  const found = [];
  for (const [address, method] of [['/app/none', 'GET'], ['/app/open', 'POST'], ['/app/t/1/broken', 'GET']]) {
    const { status, body } = await answer(ctxOf(/** @type {string} */ (address), { method }), true);
    assert.match(body, /href="\/app"/);
    found.push(status);
  }
  assert.deepEqual(found, [404, 405, 500]);
});

test('before anyone signed in only open screens answer', async () => {
  assert.deepEqual([(await answer(ctxOf('/app/t/1'), false)).headers.Location, (await answer(ctxOf('/app/open'), false)).status], ['/app/sign-in', 200]);
});

test('messages are filled, translated, and pluralised by the table of the language', () => {
  const french = speak({
    language: 'fr', dir: 'ltr', plurals: `00${'1'.repeat(198)}`,
    messages: { [keyOf('Counted {n}')]: 'Compté : {n}', [keyOf('{n} item')]: ['{n} article', '{n} articles'], [keyOf('Empty')]: '' },
  });
  assert.equal(french.t('Counted {n}', { n: 3 }), 'Compté : 3');
  assert.deepEqual([0, 1, 2, 201].map((n) => french.tn('{n} item', '{n} items', n)), ['0 article', '1 article', '2 articles', '201 articles']);
  assert.equal(french.t('Not translated'), 'Not translated');
  assert.equal(french.t('Empty'), 'Empty');
  const english = speak(SOURCE);
  assert.deepEqual([0, 1, 2].map((n) => english.tn('{n} item', '{n} items', n)), ['0 items', '1 item', '2 items']);
  assert.equal(filled('{a} and {b}', { a: '{b}' }), '{b} and {b}', 'what is filled in is not filled again');
});

test('a message is found by the hash that the server made of it', () => {
  assert.deepEqual(['', 'Empty', 'Compté’s 🩹'].map(keyOf), ['tntfp', '31imm', 'q95rm'], 'as in tests/web/test_assets.py');
});

test('a calendar date is the day it says, wherever the device is', () => {
  assert.equal(speak(SOURCE).fmt.date('2027-04-30'), '30 Apr 2027');
});
