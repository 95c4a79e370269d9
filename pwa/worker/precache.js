/**
 * What the worker keeps in Cache Storage: the app's own files, by content hash, and the last seen copy of
 * managers' pages.
 */

import { clock, iso } from './clock.js';

/** @import { Build } from './types.js' */

const PREFIX = 'bincard-files-';
const SEEN = 'bincard-seen';
const HASH = 'x-bincard-hash';
const SEEN_PAGES_MAX = 50;
const SIGN_IN = '/manage/sign-in';

/** @returns {Build} what the server stamped into worker.js */
export function build() {
  return /** @type {{BUILD?: Build}} */ (/** @type {unknown} */ (globalThis)).BUILD ?? { version: 'none', files: {} };
}

/**
 * Fetch the files of this build that no earlier build had. Nothing is installed unless every file came and
 * is what the stamp says. A first build leaves out what no first screen needs, for `installRest`; a later one
 * brings anew all that was there. What only some devices need waits until it is asked for.
 *
 * @param {Build} wanted
 */
export async function install({ version, files, later = [], demanded = [] }) {
  const { cache, earlier } = await builds(version);
  const spoken = `/locale/${globalThis.navigator?.language?.slice(0, 2)}.json`;
  // All are tried even if one fails: the next attempt goes on with what this one brought.
  const outcomes = await Promise.allSettled(Object.entries(files).map(async ([path, hash]) => {
    const waits = demanded.includes(path) || (later.includes(path) && path !== spoken);
    // A language that is in use brings the words of all its screens.
    if (waits && !(await anyHas(earlier, path.replace('-later.', '.')))) return;
    await bring(cache, earlier, path, hash);
  }));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * @param {Build} wanted
 * @returns {Promise<boolean>} whether files of just this build are here already
 */
export function isBegun({ version }) {
  return caches.has(PREFIX + version);
}

/** The build whose files are all here. */
let complete = '';

/**
 * Fetch what the first build left out, when nobody waits for anything. Whatever does not come is tried again
 * the next time.
 *
 * @param {Build} wanted
 */
export async function installRest({ version, files, later = [] }) {
  if (complete === version || later.length === 0) return;
  const { cache, earlier } = await builds(version);
  const outcomes = await Promise.allSettled(later.map((path) => bring(cache, earlier, path, files[path] ?? '')));
  if (outcomes.every((outcome) => outcome.status === 'fulfilled')) complete = version;
}

/** @param {string} version @returns {Promise<{cache: Cache, earlier: Cache[]}>} its files, and those of the builds before */
async function builds(version) {
  const own = PREFIX + version;
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== own);
  return { cache: await caches.open(own), earlier: await Promise.all(names.map((name) => caches.open(name))) };
}

/** @param {Cache[]} earlier @param {string} path */
async function anyHas(earlier, path) {
  for (const cache of earlier) if (await cache.match(path)) return true;
  return false;
}

/**
 * Put one file into the cache: from an earlier build where it is the same, else from the network.
 *
 * @param {Cache} cache
 * @param {Cache[]} earlier
 * @param {string} path
 * @param {string} hash
 */
async function bring(cache, earlier, path, hash) {
  for (const one of [cache, ...earlier]) {
    const known = await one.match(path);
    if (known?.headers.get(HASH) !== hash) continue;
    if (one !== cache) await cache.put(path, known);
    return;
  }
  const response = await fetch(path, { cache: 'no-cache' });
  const body = await response.arrayBuffer();
  if (!response.ok || (await digest(body)) !== hash) throw new Error(`${path} is not the file of this build`);
  const headers = new Headers({ 'Content-Type': response.headers.get('Content-Type') ?? '', [HASH]: hash });
  for (const name of ['Content-Security-Policy', 'X-Content-Type-Options']) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  await cache.put(path, new Response(body, { headers }));
}

/**
 * @param {ArrayBuffer} body
 * @returns {Promise<string>} the first 16 hexadecimal digits of its SHA-256, as the server stamps them
 */
async function digest(body) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', body)).subarray(0, 8);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Throw away the files of other builds.
 *
 * @param {Build} current
 */
export async function cleanUp({ version }) {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== PREFIX + version)
    .map((name) => caches.delete(name)));
}

/**
 * @param {string} path
 * @returns {Promise<Response>} the app's own file; from the network, and kept, if it was left for later or the browser
 *   threw the cache away
 */
export async function file(path) {
  const { version, files } = build();
  const cache = await caches.open(PREFIX + version);
  const known = await cache.match(path);
  if (known) return known;
  // A server that has a newer build by now is not the one to keep files of: its file is used and not kept.
  await bring(cache, [], path, files[path] ?? '').catch(() => {});
  return (await cache.match(path)) ?? fetch(path);
}

/**
 * A managers' page: from the network, or else the last seen copy, which says how old it is.
 *
 * @param {Request} request a GET under /manage
 * @param {(seen_at: number) => string} banner HTML put at the top of a copy's body
 * @returns {Promise<Response>}
 */
export async function lastSeen(request, banner) {
  const cache = await caches.open(SEEN);
  try {
    const response = await fetch(request);
    // Whoever is asked to sign in is not signed in: what the last person saw is not theirs to see.
    if (response.status === 401 || new URL(request.url).pathname === SIGN_IN) await forgetSeen();
    else if (request.mode === 'navigate' && response.status === 200
      && response.headers.get('Content-Type')?.startsWith('text/html')) await keep(cache, request.url, response.clone());
    return response;
  } catch (error) {
    const copy = request.mode === 'navigate' ? await cache.match(request.url) : undefined;
    if (!copy) throw error;
    const seen_at = copy.headers.get('x-bincard-seen') ?? iso(0);
    const text = await copy.text();
    const body = text.replace(/<body[^>]*>/i, (tag) => tag + banner(Date.parse(seen_at)));
    return new Response(body, { headers: copy.headers });
  }
}

/**
 * @param {Cache} cache
 * @param {string} url
 * @param {Response} response
 */
async function keep(cache, url, response) {
  const headers = new Headers(response.headers);
  headers.set('x-bincard-seen', iso(clock.now()));
  headers.delete('Content-Encoding');
  headers.delete('Content-Length');
  headers.delete('Set-Cookie');
  await cache.put(url, new Response(await response.blob(), { headers }));
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - SEEN_PAGES_MAX)).map((key) => cache.delete(key)));
}

/** Nothing that a manager saw may be left for the next person at this device. */
export async function forgetSeen() {
  await caches.delete(SEEN);
}
