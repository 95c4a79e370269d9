/** The words: messages of one catalogue a language, numbers and dates as they are written there. */

/** @import { Format, Values } from './types.js' */

/**
 * @typedef {object} Catalogue made from pwa/locale/<language>.po by the server
 * @property {string} language
 * @property {'ltr' | 'rtl'} dir
 * @property {string} plurals which plural form each n from 0 to 199 takes, a digit each
 * @property {Record<string, string | string[]>} messages by `keyOf` of the English, which the screens bring themselves
 */

/** English is the source: its messages are their own translation. @type {Catalogue} */
export const SOURCE = { language: 'en', dir: 'ltr', plurals: '101', messages: {} };

/** English as most of the world writes it: the day before the month, 24 hours. @type {Record<string, string>} */
const LOCALES = { en: 'en-GB' };

/** The languages there are, by their own names. */
export const LANGUAGES = /** @type {const} */ ({ en: 'English', fr: 'Français' });

/** @type {Map<string, string>} */
const keys = new Map();

/**
 * @param {string} msgid
 * @returns {string} FNV-1a of its UTF-16 units below 36^5, in base 36: sending the English again would double the catalogue
 */
export function keyOf(msgid) {
  let key = keys.get(msgid);
  if (key === undefined) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < msgid.length; i += 1) hash = Math.imul(hash ^ msgid.charCodeAt(i), 0x01000193);
    key = ((hash >>> 0) % 36 ** 5).toString(36);
    keys.set(msgid, key);
  }
  return key;
}

/**
 * @param {string} text with {names} in it
 * @param {Values} values a name that is not among them stays as it is, where it is seen
 * @returns {string}
 */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * @param {Catalogue} catalogue
 * @param {number} n
 * @returns {number} which plural form
 */
function formOf({ plurals }, n) {
  const at = Math.abs(n);
  // Past 199 only the last two digits decide, in every language that gettext knows.
  const index = at < plurals.length ? at : plurals.length < 200 ? plurals.length - 1 : 100 + (at % 100);
  return Number(plurals[index] ?? 0);
}

/**
 * @param {Catalogue} catalogue
 * @returns {{lang: string, dir: 'ltr' | 'rtl', t: (msgid: string, values?: Values) => string,
 *   tn: (one: string, many: string, n: number, values?: Values) => string, fmt: Format}}
 */
export function speak(catalogue) {
  const { language, dir, messages } = catalogue;
  const locale = LOCALES[language] ?? language;
  const number = new Intl.NumberFormat(locale);
  const decimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1 });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const calendar = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  const month = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return {
    lang: language,
    dir,
    t(msgid, values = {}) {
      const found = messages[keyOf(msgid)];
      return filled((Array.isArray(found) ? found[0] : found) || msgid, values);
    },
    tn(one, many, n, values = {}) {
      const found = messages[keyOf(one)];
      const form = formOf(catalogue, n);
      const text = Array.isArray(found) ? found[form] : undefined;
      return filled(text || (n === 1 ? one : many), { n, ...values });
    },
    fmt: {
      number: (value) => number.format(value),
      tenths: (value) => decimal.format(value / 10),
      date: (value) => (typeof value === 'number' ? date.format(value)
        : calendar.format(Date.parse(`${value.slice(0, 10)}T00:00:00Z`))),
      month: (value) => month.format(Date.parse(`${value}-01T00:00:00Z`)),
      time: (value) => time.format(value),
      dateTime: (value) => dateTime.format(value),
    },
  };
}
