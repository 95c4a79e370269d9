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
  const text = request.method === 'POST' ? await request.text() : '';
  if (text.length > FORM_CHARACTERS_MAX) return null;
  const [me, sync, said, pulled_at] = await Promise.all([whoAmI(), status(), words(), getMeta('pulled_at'), loadSymbols()]);
  /** @type {Ctx} */
  const ctx = {
    method: request.method, url, params: {}, query: url.searchParams, form: new URLSearchParams(text),
    partial: request.headers.get('HX-Request-Type') === 'partial', from: request.headers.get('Bincard-Person') ?? '',
    me: me ?? NOBODY, sync, later, ...said,
  };
  return { ctx, enrolled: me !== null, ready: me === null || pulled_at !== undefined };
}
