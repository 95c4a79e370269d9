/** The words that come with the first load: all that the screens of a first visit say, and later screens have the others. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { contextOf, FIRST, words } from '../../pwa/worker/context.js';
import { keyOf } from '../../pwa/worker/i18n.js';
import { answer } from '../../pwa/worker/router.js';
import '../../pwa/worker/screens.js';
import { setMeta } from '../../pwa/worker/store/meta.js';
import { clinic } from './support/clinic.js';
import { newDevice } from './support/device.js';
import { french } from './support/french.js';

/** The files whose words come first, as the server has them. */
const FIRST_FILES = new Set([.../** @type {string} */ (/^FIRST = \(([\s\S]*?)^\)/m.exec(readFileSync('backend/web/catalogue.py', 'utf8'))?.[1]).matchAll(/"([\w.]+(?:\/[\w.]+)*)"/g)]
  .map(([, name = '']) => (name.includes('/') || name.includes('.') ? name : `pwa/worker/screens/${name}.js`)));

/** By message, the files that it is in. */
const places = new Map([...french()].map(([message, { files }]) => [message, files]));

/** @param {string} path @returns {Promise<string[]>} what its screen says that does not come with the first load */
async function missing(path) {
  const context = await contextOf(new Request(new URL(path, 'http://localhost')), () => {});
  if (!context) throw new Error('no context');
  /** @type {Set<string>} */
  const said = new Set();
  const { ctx, enrolled } = context;
  const { t, tn } = ctx;
  ctx.t = (msgid, values) => { said.add(msgid); return t(msgid, values); };
  ctx.tn = (one, many, n, values) => { said.add(one); return tn(one, many, n, values); };
  const { status, body } = await answer(ctx, enrolled);
  assert.equal(status, 200, path);
  // What is asked for and not shown need not be there.
  const shown = [...said].filter((text) => {
    const [begin = '', ...more] = text.replaceAll("'", '&#39;').split(/\{\w+\}/);
    return more.length > 0 ? body.includes(begin) : body.split(begin).some((after, i) => i > 0 && /^[<"]/.test(after));
  });
  return shown.filter((text) => !places.get(text)?.some((file) => FIRST_FILES.has(file)));
}

test('the screens of a first visit say nothing whose words come later', async () => {
  await newDevice();
  assert.deepEqual(await missing('/app/sign-in'), []);
  await clinic();
  await setMeta('withdrawn', { facility: 'F1', at: 1 });
  await setMeta('persisted', false);
  await setMeta('wipe', { at: 1 });
  assert.deepEqual(await missing('/app'), []);
  assert.deepEqual(await missing('/app/starting'), []);
  assert.deepEqual(FIRST.toSorted(), ['/app', '/app/sign-in', '/app/starting']);
});

test('a later screen waits for the words of all, a first one for its own; what does not come is tried again', async (t) => {
  await newDevice();
  await setMeta('language', 'fr');
  /** @type {string[]} */
  const asked = [];
  let online = true;
  const files = /** @type {Record<string, object>} */ ({
    '/locale/fr.json': { language: 'fr', dir: 'ltr', plurals: '001', messages: { [keyOf('Count')]: 'Compter' } }, '/locale/fr-later.json': { [keyOf('Lot')]: 'Le lot' },
  });
  const before = { fetch: globalThis.fetch, caches: globalThis.caches };
  t.after(() => Object.assign(globalThis, before));
  Object.assign(globalThis, {
    caches: { open: async () => ({ match: async () => undefined, put: async () => {} }), keys: async () => [] },
    fetch: async (/** @type {string} */ path) => {
      asked.push(path);
      if (!online) throw new TypeError('Failed to fetch');
      return new Response(JSON.stringify(files[path]));
    },
  });
  const first = await words('/app');
  assert.deepEqual([first.t('Count'), first.t('Lot'), asked.some((path) => path.includes('later'))], ['Compter', 'Lot', false]);
  online = false;
  assert.equal((await words('/app/count')).t('Count'), 'Count');
  online = true;
  const whole = await words('/app/count');
  assert.deepEqual([whole.t('Count'), whole.t('Lot')], ['Compter', 'Le lot']);
  asked.length = 0;
  assert.equal((await words('/app')).t('Lot'), 'Le lot');
  assert.deepEqual(asked, []);
});
