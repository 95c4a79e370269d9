/** From a request to what a screen gets: the address, the form, the person, the language, the state of sync. */

import { LANGUAGES, SOURCE, speak } from './i18n.js';
import { whoAmI } from './me.js';
import { status } from './outbox.js';
import { file } from './precache.js';
import { loadSymbols } from './sprite.js';
import { getMeta } from './store/meta.js';

/** @import { Catalogue } from './i18n.js' */
/** @import { Ctx, Me } from './types.js' */

/** A form is a few fields; what is longer than the longest operation is not one of ours. */
const FORM_CHARACTERS_MAX = 256 * 1024;
/** A file that was carried here is taken in by a form too. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** What a first visit shows: its words come with the first load, those of all other screens right after it. */
export const FIRST = ['/app', '/app/sign-in', '/app/starting'];

/** @type {{said: ReturnType<typeof speak>, whole: boolean} | null} */
let spoken = null;

/**
 * @param {string} [path] of the screen that they are for
 * @returns {Promise<ReturnType<typeof speak>>} the words of the language that was chosen here, else the browser's
 */
export async function words(path = '/app') {
  const chosen = await getMeta('language').catch(() => undefined);
  const browser = globalThis.navigator?.language?.slice(0, 2) ?? '';
  const language = chosen ?? (browser in LANGUAGES ? browser : SOURCE.language);
  const whole = !FIRST.includes(path);
  if (spoken?.said.lang === language && (spoken.whole || !whole)) return spoken.said;
  const { found, complete } = await catalogue(language, whole);
  spoken = { said: speak(found), whole: complete };
  return spoken.said;
}

/**
 * @param {string} language
 * @param {boolean} whole with the words that come later
 * @returns {Promise<{found: Catalogue, complete: boolean}>} English if there is no catalogue for it; complete: nothing is
 *   left to come
 */
async function catalogue(language, whole) {
  if (language === SOURCE.language) return { found: SOURCE, complete: true };
  const [first, later] = await Promise.all([wordsFile(language), whole ? wordsFile(`${language}-later`) : null]);
  if (!first) return { found: SOURCE, complete: false };
  return { found: { ...first, messages: { ...first.messages, ...later } }, complete: later !== null };
}

/**
 * @param {string} name
 * @returns {Promise<any>} null where there is no such file, or no network to bring it
 */
async function wordsFile(name) {
  const response = await file(`/locale/${name}.json`).catch(() => null);
  return response?.ok ? response.json() : null;
}

/** @type {Me} what a screen sees before anyone signed in here */
const NOBODY = {
  user: '', id: '', locked: false, idle: null, name: '', facility: '', facilityName: '', device: '', deviceName: '', rights: [], role: '',
};

/**
 * @param {Request} request
 * @param {(work: Promise<unknown>) => void} later
 * @returns {Promise<{ctx: Ctx, enrolled: boolean, ready: boolean} | null>} null for a form that no page of ours
 *   sends; ready: something was pulled before
 */
export async function contextOf(request, later) {
  const url = new URL(request.url);
  const sent = request.method === 'POST' ? await fieldsOf(request) : { form: new URLSearchParams(), file: null };
  if (!sent) return null;
  const [me, sync, said, pulled_at] = await Promise.all([whoAmI(), status(), words(url.pathname), getMeta('pulled_at'), loadSymbols()]);
  /** @type {Ctx} */
  const ctx = {
    method: request.method, url, params: {}, query: url.searchParams, ...sent,
    partial: request.headers.get('HX-Request-Type') === 'partial', from: request.headers.get('Bincard-Person') ?? '',
    me: me ?? NOBODY, sync, later, ...said,
  };
  return { ctx, enrolled: me !== null, ready: me === null || pulled_at !== undefined };
}

/**
 * @param {Request} request
 * @returns {Promise<Pick<Ctx, 'form' | 'file'> | null>} null for too much
 */
async function fieldsOf(request) {
  if (!request.headers.get('Content-Type')?.startsWith('multipart/form-data')) {
    const text = await request.text();
    return text.length > FORM_CHARACTERS_MAX ? null : { form: new URLSearchParams(text), file: null };
  }
  const form = new URLSearchParams();
  /** @type {Ctx['file']} */
  let file = null;
  for (const [name, value] of await request.formData()) {
    if (typeof value === 'string') form.set(name, value.slice(0, FORM_CHARACTERS_MAX));
    else file = { name: value.name, text: value.size > FILE_BYTES_MAX ? null : await value.text() };
  }
  return { form, file };
}
