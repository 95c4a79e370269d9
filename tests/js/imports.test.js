/** Who may know whom in the worker: read from the sources, so that a slip is seen at once. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const PWA = new URL('../../pwa/', import.meta.url);
const WORKER = readdirSync(new URL('worker/', PWA), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.js')).map((name) => `worker/${name.replaceAll('\\', '/')}`).concat('worker.js', 'first.js');
const PAGE = readdirSync(new URL('page/', PWA)).filter((name) => name.endsWith('.js')).map((name) => `page/${name}`);

/** @param {string} path */
const read = (path) => readFileSync(new URL(path, PWA), 'utf8');

/** The code of a file without its comments and strings' insides. @param {string} path */
function code(path) {
  return read(path).replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** @param {RegExp} pattern @param {string[]} files @param {(path: string) => boolean} allowed */
function only(pattern, files, allowed) {
  assert.ok(files.length > 0);
  assert.deepEqual(files.filter((path) => !allowed(path) && pattern.test(code(path))), []);
  assert.ok(files.some((path) => allowed(path) && pattern.test(code(path))), 'the pattern finds nothing at all');
}

test('only store.js and its rooms touch IndexedDB', () => {
  only(/\bindexedDB\b|\bIDBKeyRange\b|vendor\/idb\.js|store\/database\.js|\.\/database\.js/, WORKER,
    (path) => path === 'worker/store.js' || path.startsWith('worker/store/'));
});

test('only feed, outbox, carrier, enrol and precache call fetch', () => {
  only(/(?<![.\w'])fetch\(/, WORKER, (path) => /^worker\/(feed|outbox|carrier|enrol|precache)\.js$/.test(path));
});

test('no page script touches IndexedDB or the sync routes', () => {
  for (const path of PAGE) assert.doesNotMatch(code(path), /indexedDB|\/sync\//, path);
});

test('nothing in the worker that a worker lacks or the policy forbids', () => {
  for (const path of WORKER) {
    assert.doesNotMatch(code(path), /\bimport\(|\bDOMParser\b|\blocalStorage\b|\beval\(|new Function|\bstyle="|\bhx-on|\bonclick=/, path);
  }
});

test('the pure modules import only each other', () => {
  const pure = ['fold', 'view', 'own', 'facts', 'ids', 'html', 'i18n'];
  for (const name of pure) {
    for (const [, from] of code(`worker/${name}.js`).matchAll(/from '([^']+)'/g)) {
      assert.ok(pure.some((other) => from === `./${other}.js`), `${name} imports ${from}`);
    }
  }
});

test('every screen is listed, and everything that is imported exists', () => {
  const listed = read('worker/screens.js') + read('worker/screens_first.js');
  for (const path of WORKER.filter((name) => name.startsWith('worker/screens/'))) {
    if (/^route\(/m.test(code(path))) assert.ok(listed.includes(path.replace('worker/', './')), `${path} is not in screens.js`);
  }
  for (const path of [...WORKER, ...PAGE]) {
    for (const [, from] of code(path).matchAll(/(?:from|import) '(\.[^']+)'/g)) {
      assert.doesNotThrow(() => readFileSync(new URL(/** @type {string} */ (from), new URL(path, PWA))), `${path} imports ${from}`);
    }
  }
});
