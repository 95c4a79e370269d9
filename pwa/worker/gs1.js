/** PURE: what a scanner read, as a GTIN with lot, expiry and the rest. Twin of backend/domain/gs1.py; both pass tests/vectors/gs1. */

import { beginning, ruleOf } from './gs1_rules.js';

/**
 * empty: nothing; not_gs1: another kind of code; check_digit: misread or mistyped; truncated: its end is missing; separator: an element
 * without an end, so that the scanner drops FNC1; unknown_ai: an element that GS1 does not know; characters: some that GS1 does not allow;
 * date: one that there is not; no_gtin: GS1, but not of a product.
 *
 * @typedef {'empty' | 'not_gs1' | 'check_digit' | 'truncated' | 'separator' | 'unknown_ai' | 'characters' | 'date' | 'no_gtin'} ScanFault
 */

/**
 * @typedef {object} Scan
 * @property {true} ok
 * @property {string} gtin 14 digits; of what is inside where the code is a carton's (AI 02)
 * @property {string} lot '' where absent, like serial
 * @property {string | null} expiry ISO date
 * @property {string} serial
 * @property {number | null} count of items or of packs inside (AI 30, 37)
 * @property {[string, string][]} elements AI and value, in the order of the code
 */

/** @typedef {Scan | {ok: false, error: ScanFault}} Read */

const GS = '\x1d';
/** How the separator arrives where a scanner or a keyboard cannot send GS; none of these is a character of GS1. */
const SEPARATORS = /\u241d|<GS>|\{GS\}|\[GS\]|\\x1d|\\u001d|\^\]|\||\u00e8/gi;
const ALLOWED = /^[!"%-?A-Z_a-z]*$/;
/** What the first Digital Links wrote in place of AIs. @type {Record<string, string>} */
const LINK_WORDS = { gtin: '01', lot: '10', ser: '21', exp: '17' };
/** Symbology identifiers (ISO/IEC 15424) of symbols that begin with FNC1. */
const WITH_FNC1 = /^\](?:C1|e0|d2|d8|Q3|J1)/;

class Refused extends Error {
  /** @param {ScanFault} fault */
  constructor(fault) {
    super(fault);
    this.fault = fault;
  }
}

/**
 * @param {string} digits those before it
 * @returns {string} the check digit (GS1 General Specifications, section 7.9)
 */
export function checkDigit(digits) {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1);
  return String((10 - (sum % 10)) % 10);
}

/** @param {string} digits */
function checks(digits) {
  return checkDigit(digits.slice(0, -1)) === digits.slice(-1);
}

/**
 * @param {string} digits 8, of which the first is 0 or 1
 * @returns {string} the 12 of the UPC-A that a UPC-E is short for
 */
function expanded(digits) {
  const [, a, b, c, d, e, last] = digits;
  const middle = last === '0' || last === '1' || last === '2' ? `${a}${b}${last}0000${c}${d}${e}`
    : last === '3' ? `${a}${b}${c}00000${d}${e}` : last === '4' ? `${a}${b}${c}${d}00000${e}` : `${a}${b}${c}${d}${e}0000${last}`;
  return digits.slice(0, 1) + middle + digits.slice(-1);
}

/**
 * @param {string} digits
 * @param {boolean} ean8 known to be one, not a UPC-E
 * @returns {string} as the 14 digits that a DataMatrix carries
 */
function normalGtin(digits, ean8) {
  if (![8, 12, 13, 14].includes(digits.length)) throw new Refused('truncated');
  const short = !ean8 && /^[01]\d{7}$/.test(digits) ? expanded(digits) : '';
  // No product has an EAN-8 that begins with 0: such a one is a UPC-E.
  const forms = digits.startsWith('0') ? [short, digits] : [digits, short];
  const right = forms.find((form) => form !== '' && checks(form));
  if (right === undefined) throw new Refused('check_digit');
  return right.padStart(14, '0');
}

/**
 * @param {string} value YYMMDD and perhaps more
 * @param {string} today ISO date
 * @returns {string} ISO date; day 00 is the last of its month, the century is the nearest (section 7.12)
 */
function dateOf(value, today) {
  const [yy, month, day] = [Number(value.slice(0, 2)), Number(value.slice(2, 4)), Number(value.slice(4, 6))];
  const now = Number(today.slice(0, 4));
  const ahead = yy - (now % 100);
  const year = now - (now % 100) + yy + (ahead >= 51 ? -100 : ahead <= -50 ? 100 : 0);
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day > last) throw new Refused('date');
  return `${year}-${value.slice(2, 4)}-${String(day || last).padStart(2, '0')}`;
}

/**
 * @param {string} ai
 * @param {string} value
 * @returns {[string, string]}
 */
function element(ai, value) {
  const rule = ruleOf(ai);
  if (!rule) throw new Refused('unknown_ai');
  if (!ALLOWED.test(value) || (rule.digits && !/^\d*$/.test(value))) throw new Refused('characters');
  if (value.length < rule.least) throw new Refused('truncated');
  if (value.length > rule.most) throw new Refused('separator');
  return [ai, value];
}

/**
 * @param {string} text elements one after the other, those without an end of their own up to a separator
 * @returns {[string, string][]}
 */
function elementsOf(text) {
  /** @type {[string, string][]} */
  const found = [];
  let rest = text;
  while (rest !== '') {
    const begun = beginning(rest);
    if (!begun) throw new Refused(/^\d{0,3}$/.test(rest) ? 'truncated' : 'unknown_ai');
    const [ai, rule] = begun;
    const after = rest.slice(ai.length);
    const separator = after.indexOf(GS);
    const end = separator < 0 ? after.length : separator;
    const length = rule.least === rule.most ? Math.min(rule.most, end) : end;
    found.push(element(ai, after.slice(0, length)));
    rest = after.slice(length).replace(/^\x1d+/, '');
  }
  return found;
}

/**
 * @param {string} text as printed for people: "(01)06291041500213(10)AB12"
 * @returns {[string, string][]}
 */
function bracketed(text) {
  const parts = text.split(/\((\d{2,4})\)/);
  /** @type {[string, string][]} */
  const found = [];
  for (let i = 1; i < parts.length; i += 2) {
    const [ai, value] = [/** @type {string} */ (parts[i]), (parts[i + 1] ?? '').replaceAll(GS, '').trim()];
    const before = found.at(-1);
    // A lot may have brackets itself.
    if (before && !ruleOf(ai)) before[1] += `(${ai})${value}`;
    else found.push([ai, value]);
  }
  return found.map(([ai, value]) => element(ai, value));
}

/**
 * @param {string} text a GS1 Digital Link: "https://example.org/01/06291041500213/10/AB12?17=270430"
 * @returns {[string, string][] | null} null for another address
 */
function ofLink(text) {
  const found = /^https?:\/\/[^/?#]+(?:\/[^?#]*?)??\/((?:01|gtin)\/\d{8,14}(?:\/[^?#]*)?)(?:\?([^#]*))?(?:#.*)?$/i.exec(text);
  if (!found) return null;
  const path = /** @type {string} */ (found[1]).replace(/\/$/, '').split('/');
  /** @type {[string, string][]} */
  const pairs = [];
  for (let i = 0; i + 1 < path.length; i += 2) pairs.push([/** @type {string} */ (path[i]), /** @type {string} */ (path[i + 1])]);
  for (const part of (found[2] ?? '').split('&')) {
    const [name = '', value = ''] = part.split('=');
    if (ruleOf(LINK_WORDS[name] ?? name)) pairs.push([name, value]);
  }
  return pairs.map(([name, value]) => {
    const ai = LINK_WORDS[name] ?? name;
    let plain;
    try {
      plain = decodeURIComponent(value);
    } catch {
      throw new Refused('characters');
    }
    return element(ai, ai === '01' ? plain.padStart(14, '0') : plain);
  });
}

/**
 * @param {[string, string][]} elements
 * @param {string} today
 * @returns {Scan}
 */
function scanOf(elements, today) {
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const [ai, value] of elements) {
    // The same element twice with another value: nobody can say which is right.
    if (values.has(ai) && values.get(ai) !== value) throw new Refused('not_gs1');
    values.set(ai, value);
    if (/^(?:0[0123]|41[0-7])$/.test(ai) && !checks(value)) throw new Refused('check_digit');
    if (/^(?:1[123567]|7003)$/.test(ai)) dateOf(value, today);
  }
  const gtin = values.get('01') ?? values.get('02');
  if (gtin === undefined) throw new Refused('no_gtin');
  const expiry = values.get('17') ?? values.get('7003');
  const count = values.get('37') ?? values.get('30');
  return {
    ok: true, gtin, lot: values.get('10') ?? '', expiry: expiry === undefined ? null : dateOf(expiry, today),
    serial: values.get('21') ?? '', count: count === undefined ? null : Number(count), elements,
  };
}

/**
 * @param {string} text without spaces around it
 * @param {string} today
 * @returns {Scan}
 */
function read(text, today) {
  const symbology = /^\][A-Za-z][0-9A-Za-z]/.exec(text)?.[0] ?? '';
  const content = text.slice(symbology.length).replace(SEPARATORS, GS);
  const bare = content.replace(/^\x1d+/, '');
  if (bare === '') throw new Refused('empty');
  const certain = WITH_FNC1.test(symbology) || bare !== content;
  if (/^\(\d{2,4}\)/.test(bare)) return scanOf(bracketed(bare), today);
  const link = ofLink(bare);
  if (link) return scanOf(link, today);
  if (!certain) {
    // An EAN-13 may have the two or five digits of a magazine behind it.
    const digits = (symbology === ']E3' ? bare.slice(0, 13) : bare).replace(/[ -]/g, '');
    if (/^\d{6,14}$/.test(digits)) {
      const gtin = normalGtin(digits, symbology === ']E4');
      return { ok: true, gtin, lot: '', expiry: null, serial: '', count: null, elements: [['01', gtin]] };
    }
    // Without FNC1 only what begins with the number of a product or a pallet is taken for GS1.
    if (!/^(?:0[12]\d{14}|00\d{18})/.test(bare)) throw new Refused('not_gs1');
  }
  return scanOf(elementsOf(bare), today);
}

/**
 * Read what a camera or a scanner delivers, or a person types from under the code: element strings with or without a symbology
 * identifier, separators in the forms in which they arrive, the form with brackets, a GS1 Digital Link, EAN-13, EAN-8, UPC-A, UPC-E.
 *
 * @param {string} text
 * @param {string} today ISO date, for the century of two-digit years
 * @returns {Read}
 */
export function readScan(text, today) {
  try {
    return read(text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''), today);
  } catch (error) {
    if (error instanceof Refused) return { ok: false, error: error.fault };
    throw error;
  }
}
