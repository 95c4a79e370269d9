/** Cache Storage: a build is installed whole or not at all, and managers' pages keep their last seen copy. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, test } from 'node:test';

import { cleanUp, file, forgetSeen, install, installRest, lastSeen } from '../../pwa/worker/precache.js';
import { dropRequest, setClock } from './support/device.js';

/** As much of Cache Storage as is used, in memory. */
class MemoryCaches {
  /** @type {Map<string, Map<string, {body: ArrayBuffer, status: number, headers: [string, string][]}>>} */
  all = new Map();

  /** @param {string} name */
  async open(name) {
    if (!this.all.has(name)) this.all.set(name, new Map());
    const entries = /** @type {Map<string, any>} */ (this.all.get(name));
    return {
      match: async (/** @type {string} */ url) => {
        const found = entries.get(url);
        return found && new Response(found.body, { status: found.status, headers: found.headers });
      },
      put: async (/** @type {string} */ url, /** @type {Response} */ response) => {
        entries.delete(url);
        entries.set(url, { status: response.status, headers: [...response.headers], body: await response.arrayBuffer() });
      },
      keys: async () => [...entries.keys()],
      delete: async (/** @type {string} */ url) => entries.delete(url),
    };
  }

  async keys() {
    return [...this.all.keys()];
  }

  /** @param {string} name */
  async delete(name) {
    return this.all.delete(name);
  }
}

/** @type {MemoryCaches} */
let stored;
/** @type {Record<string, string>} */
let site;
/** @type {string[]} */
let fetched;

beforeEach(() => {
  stored = new MemoryCaches();
  site = { '/page/a.js': 'a', '/page/b.js': 'b' };
  fetched = [];
  Object.assign(globalThis, {
    caches: stored,
    fetch: async (/** @type {string} */ path) => {
      fetched.push(path);
      return new Response(site[path] ?? '', { status: path in site ? 200 : 404, headers: { 'Content-Type': 'text/javascript' } });
    },
  });
});

/** @param {string} text */
const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** @param {string} version */
const buildOf = (version) => ({ version, files: Object.fromEntries(Object.entries(site).map(([path, text]) => [path, hash(text)])) });

/** @param {string} version @param {string} path */
async function kept(version, path) {
  return (await (await stored.open(`bincard-files-${version}`)).match(path))?.text();
}

test('a build is fetched whole; the next one fetches only what changed and copies the rest', async () => {
  await install(buildOf('1'));
  assert.deepEqual(fetched.sort(), ['/page/a.js', '/page/b.js']);
  site['/page/b.js'] = 'b2';
  fetched = [];
  await install(buildOf('2'));
  assert.deepEqual(fetched, ['/page/b.js']);
  assert.deepEqual([await kept('2', '/page/a.js'), await kept('2', '/page/b.js'), await kept('1', '/page/b.js')], ['a', 'b2', 'b']);
  await cleanUp(buildOf('2'));
  assert.deepEqual(await stored.keys(), ['bincard-files-2']);
});

test('an installation that broke off goes on with what it has', async () => {
  const build = buildOf('1');
  const { '/page/b.js': b } = site;
  delete site['/page/b.js'];
  await assert.rejects(install(build));
  site['/page/b.js'] = /** @type {string} */ (b);
  fetched = [];
  await install(build);
  assert.deepEqual(fetched, ['/page/b.js']);
});

test('a first build leaves out what no first screen needs, and brings it at rest; the next one brings it along', async (t) => {
  Object.assign(site, { '/locale/fr.json': 'fr', '/locale/en.json': 'en' });
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator') ?? { value: undefined, configurable: true };
  t.after(() => Object.defineProperty(globalThis, 'navigator', before));
  Object.defineProperty(globalThis, 'navigator', { value: { language: 'fr-CM' }, configurable: true });
  const later = ['/page/b.js', '/locale/fr.json', '/locale/en.json'];
  await install({ ...buildOf('1'), later });
  assert.deepEqual(fetched.sort(), ['/locale/fr.json', '/page/a.js'], 'the language that is spoken here comes at once');
  const { '/page/b.js': b } = site;
  const build = buildOf('1');
  delete site['/page/b.js'];
  fetched = [];
  await installRest({ ...build, later });
  assert.deepEqual([await kept('1', '/page/b.js'), await kept('1', '/locale/en.json')], [undefined, 'en'], 'what does not come is left for the next time');
  site['/page/b.js'] = /** @type {string} */ (b);
  fetched = [];
  await installRest({ ...build, later });
  await installRest({ ...build, later });
  assert.deepEqual([fetched, await kept('1', '/page/b.js')], [['/page/b.js'], 'b']);
  site['/locale/en.json'] = 'en2';
  fetched = [];
  await install({ ...buildOf('2'), later });
  assert.deepEqual([fetched, await kept('2', '/locale/en.json'), await kept('2', '/page/b.js')], [['/locale/en.json'], 'en2', 'b']);
});

test('a language that is in use brings the words of all its screens with a newer build, another one does not', async () => {
  Object.assign(site, { '/locale/fr.json': 'fr', '/locale/fr-later.json': 'fr more', '/locale/de.json': 'de', '/locale/de-later.json': 'de more' });
  const later = ['/locale/fr.json', '/locale/fr-later.json', '/locale/de.json', '/locale/de-later.json'];
  const { files } = buildOf('1');
  const { '/locale/fr.json': fr, '/page/a.js': a } = files;
  await install({ version: '1', files: /** @type {Record<string, string>} */ ({ '/page/a.js': a, '/locale/fr.json': fr }), later: [] });
  fetched = [];
  await install({ version: '2', files, later });
  assert.deepEqual(fetched.filter((path) => path.startsWith('/locale/')), ['/locale/fr-later.json']);
});

test('a file that is not the one of the stamp is refused', async () => {
  const build = buildOf('1');
  site['/page/a.js'] = 'changed between the stamp and the fetch';
  await assert.rejects(install(build), /is not the file of this build/);
});

test('a file that the browser threw away comes from the network', async () => {
  Object.assign(globalThis, { BUILD: buildOf('1') });
  await install(buildOf('1'));
  fetched = [];
  assert.equal(await (await file('/page/a.js')).text(), 'a');
  assert.deepEqual(fetched, []);
  await stored.delete('bincard-files-1');
  assert.equal(await (await file('/page/a.js')).text(), 'a');
  assert.deepEqual(fetched, ['/page/a.js']);
});

test('a file for some devices is kept from when it was asked for, and then brought up to date with the rest', async () => {
  const build = { ...buildOf('1'), demanded: ['/page/b.js'] };
  Object.assign(globalThis, { BUILD: build });
  await install(build);
  assert.deepEqual(fetched, ['/page/a.js']);
  assert.equal(await (await file('/page/b.js')).text(), 'b');
  assert.equal(await (await file('/page/b.js')).text(), 'b');
  assert.deepEqual(fetched, ['/page/a.js', '/page/b.js']);
  site['/page/b.js'] = 'b2';
  fetched = [];
  await install({ ...buildOf('2'), demanded: ['/page/b.js'] });
  assert.deepEqual([fetched, await kept('2', '/page/b.js')], [['/page/b.js'], 'b2']);
});

/** @param {string} path @param {string} [mode] */
const request = (path, mode = 'navigate') => /** @type {any} */ ({ url: `http://localhost${path}`, mode });

/** @param {string} body @param {number} [status] @param {string} [type] */
function answer(body, status = 200, type = 'text/html; charset=utf-8') {
  Object.assign(globalThis, { fetch: async () => new Response(body, { status, headers: { 'Content-Type': type } }) });
}

const offline = () => Object.assign(globalThis, { fetch: dropRequest });
/** @param {number} seen_at */
const banner = (seen_at) => `<p>seen ${new Date(seen_at).toISOString()}</p>`;

test('a managers’ page comes from the network, and offline as last seen, saying when', async () => {
  setClock(Date.parse('2026-11-22T09:00:00.000Z'));
  answer('<html><body class="x"><h1>Stock</h1></body></html>');
  assert.equal(await (await lastSeen(request('/manage'), banner)).text(), '<html><body class="x"><h1>Stock</h1></body></html>');
  setClock(Date.parse('2026-11-22T10:00:00.000Z'));
  offline();
  const copy = await lastSeen(request('/manage'), banner);
  assert.equal(copy.headers.get('x-bincard-seen'), '2026-11-22T09:00:00.000Z');
  assert.equal(await copy.text(), '<html><body class="x"><p>seen 2026-11-22T09:00:00.000Z</p><h1>Stock</h1></body></html>');
});

test('a page never seen, and a fragment, fail offline as the network does', async () => {
  answer('<body>fragment</body>');
  await lastSeen(request('/manage/part', 'same-origin'), banner);
  offline();
  await assert.rejects(lastSeen(request('/manage/part', 'same-origin'), banner), TypeError);
  await assert.rejects(lastSeen(request('/manage/never'), banner), TypeError);
});

test('neither errors nor downloads are kept', async () => {
  answer('<body>broken</body>', 500);
  await lastSeen(request('/manage/a'), banner);
  answer('a,b', 200, 'text/csv');
  await lastSeen(request('/manage/b.csv'), banner);
  offline();
  await assert.rejects(lastSeen(request('/manage/a'), banner));
  await assert.rejects(lastSeen(request('/manage/b.csv'), banner));
});

test('what one person saw is gone once someone is asked to sign in, or signs out', async () => {
  for (const leave of [
    () => lastSeen(request('/manage/sign-in'), banner),
    async () => {
      answer('no', 401);
      await lastSeen(request('/manage', 'same-origin'), banner);
    },
    forgetSeen,
  ]) {
    answer('<body>secret</body>');
    await lastSeen(request('/manage'), banner);
    await leave();
    offline();
    await assert.rejects(lastSeen(request('/manage'), banner));
  }
});

test('no more than fifty pages are kept, the oldest go', async () => {
  answer('<body>x</body>');
  for (let i = 0; i < 53; i += 1) await lastSeen(request(`/manage/${i}`), banner);
  offline();
  await assert.rejects(lastSeen(request('/manage/2'), banner));
  assert.equal((await lastSeen(request('/manage/3'), banner)).status, 200);
});
