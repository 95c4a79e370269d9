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

/** @type {ReturnType<typeof speak> | null} */
let spoken = null;

/** @returns {Promise<ReturnType<typeof speak>>} the words of the language that was chosen here, else the browser's */
export async function words() {
  const chosen = await getMeta('language').catch(() => undefined);
  const browser = globalThis.navigator?.language?.slice(0, 2) ?? '';
  const language = chosen ?? (browser in LANGUAGES ? browser : SOURCE.language);
  if (spoken?.lang === language) return spoken;
  spoken = speak(await catalogue(language));
  return spoken;
}

/**
 * @param {string} language
 * @returns {Promise<Catalogue>} English if there is no catalogue for it
 */
async function catalogue(language) {
  if (language === SOURCE.language) return SOURCE;
  const response = await file(`/locale/${language}.json`).catch(() => null);
  return response?.ok ? response.json() : SOURCE;
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
  const [me, sync, said, pulled_at] = await Promise.all([whoAmI(), status(), words(), getMeta('pulled_at'), loadSymbols()]);
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
