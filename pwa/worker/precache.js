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
 * is what the stamp says. A file that is only for some devices is brought up to date where an earlier build had it,
 * and else left until it is asked for.
 *
 * @param {Build} wanted
 */
export async function install({ version, files, demanded = [] }) {
  const cache = await caches.open(PREFIX + version);
  const earlier = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + version);
  // All are tried even if one fails: the next attempt goes on with what this one brought.
  const outcomes = await Promise.allSettled(Object.entries(files).map(async ([path, hash]) => {
    let here = false;
    for (const name of [PREFIX + version, ...earlier]) {
      const known = await (await caches.open(name)).match(path);
      here ||= known !== undefined;
      if (known?.headers.get(HASH) !== hash) continue;
      if (name !== PREFIX + version) await cache.put(path, known);
      return;
    }
    if (here || !demanded.includes(path)) await bring(cache, path, hash);
  }));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * @param {Cache} cache
 * @param {string} path
 * @param {string} hash what the stamp says
 * @returns {Promise<Response>} the file, which is kept from now on
 */
async function bring(cache, path, hash) {
  const response = await fetch(path, { cache: 'no-cache' });
  const body = await response.arrayBuffer();
  if (!response.ok || (await digest(body)) !== hash) throw new Error(`${path} is not the file of this build`);
  const headers = new Headers({ 'Content-Type': response.headers.get('Content-Type') ?? '', [HASH]: hash });
  for (const name of ['Content-Security-Policy', 'X-Content-Type-Options']) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  await cache.put(path, new Response(body, { headers }));
  return new Response(body, { headers });
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
 * @returns {Promise<Response>} the app's own file; from the network if it was not asked for before, or the browser threw
 *   the cache away
 */
export async function file(path) {
  const { version, files, demanded = [] } = build();
  const cache = await caches.open(PREFIX + version);
  const hash = demanded.includes(path) ? files[path] : undefined;
  return (await cache.match(path)) ?? (hash === undefined ? fetch(path) : bring(cache, path, hash));
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
