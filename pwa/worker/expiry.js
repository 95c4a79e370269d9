/** PURE: expiry dates as labels print them and people type them, and what an expiry means today. */

import { asciiDigits } from '../page/quantity.js';

/** Sooner than this a lot is shown as expiring soon. */
export const SOON_DAYS = 90;
const YEAR_MIN = 2000;
/** What lies further ahead was probably misread. */
export const YEARS_AHEAD_MAX = 30;
/** No medicine is said to keep longer. */
const YEARS_EVER_MAX = 100;
const DAY_MS = 86_400_000;

/** @typedef {{ok: true, date: string} | {ok: false, error: 'form' | 'impossible' | 'far'}} Expiry */
/** @typedef {'none' | 'expired' | 'soon' | 'fine'} ExpiryState */

/**
 * The calendar date on this device.
 *
 * @param {number} now ms since the epoch
 * @returns {string} ISO date in local time
 */
export function localDate(now) {
  const at = new Date(now);
  return isoDate(at.getFullYear(), at.getMonth() + 1, at.getDate());
}

/**
 * @param {number} year
 * @param {number} month 1 to 12
 * @param {number} day
 */
function isoDate(year, month, day) {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/**
 * @param {number} year
 * @param {number} month 1 to 12
 */
function lastDay(year, month) {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/**
 * @param {string} typed
 * @returns {[number, number, number] | null} year, month, day; day 0 where only the month is known
 */
function parts(typed) {
  const separated = typed.split(/[-/. ]+/);
  if (separated.some((part) => !/^\d+$/.test(part))) return null;
  const [a = '', b = '', c = ''] = separated;
  if (separated.length === 3) {
    if (a.length === 4) return [Number(a), Number(b), Number(c)];
    return [century(c), Number(b), Number(a)];
  }
  if (separated.length === 2) {
    if (a.length === 4) return [Number(a), Number(b), 0];
    return [century(b), Number(a), 0];
  }
  if (a.length === 8) return [Number(a.slice(0, 4)), Number(a.slice(4, 6)), Number(a.slice(6))];
  if (a.length === 4) return [century(a.slice(2)), Number(a.slice(0, 2)), 0];
  if (a.length !== 6) return null;
  const month = Number(a.slice(2, 4));
  // GS1 writes YYMMDD; where that cannot be a month it was MMYYYY.
  if (month >= 1 && month <= 12) return [century(a.slice(0, 2)), month, Number(a.slice(4))];
  return [Number(a.slice(2)), Number(a.slice(0, 2)), 0];
}

/** @param {string} year two or four digits */
function century(year) {
  return year.length <= 2 ? 2000 + Number(year) : Number(year);
}

/**
 * Read an expiry: "04/27", "4/2027", "2027-04", "2027-04-15", "15/04/2027", "0427", GS1 "270400". A month alone,
 * or day 00, is the last day of that month (GS1 General Specifications, AI 17).
 *
 * @param {string} text not empty
 * @param {string} today ISO date
 * @param {{far?: boolean}} [options] far: somebody has said that a date far ahead is on the label
 * @returns {Expiry}
 */
export function parseExpiry(text, today, { far = false } = {}) {
  const found = parts(asciiDigits(text).trim());
  if (!found) return { ok: false, error: 'form' };
  const [year, month, day] = found;
  if (month < 1 || month > 12 || year > 9999 || day > lastDay(year, month)) return { ok: false, error: 'impossible' };
  if (year < YEAR_MIN || year > Number(today.slice(0, 4)) + (far ? YEARS_EVER_MAX : YEARS_AHEAD_MAX)) return { ok: false, error: 'far' };
  return { ok: true, date: isoDate(year, month, day === 0 ? lastDay(year, month) : day) };
}

/**
 * @param {string | null} expiry ISO date; the lot may be used on that day still
 * @param {string} today ISO date
 * @returns {ExpiryState}
 */
export function expiryState(expiry, today) {
  if (expiry === null || expiry === '') return 'none';
  if (expiry < today) return 'expired';
  return Date.parse(expiry) - Date.parse(today) <= SOON_DAYS * DAY_MS ? 'soon' : 'fine';
}

/**
 * @param {string} text of a date field
 * @param {string} today ISO date
 * @returns {'empty' | 'form' | 'future' | 'old' | null} what is wrong with it as the day on which something happened
 */
export function dateFault(text, today) {
  if (text === '') return 'empty';
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!found) return 'form';
  const [year, month, day] = found.slice(1).map(Number);
  if (!year || !month || !day || month > 12 || day > lastDay(year, month)) return 'form';
  if (text > today) return 'future';
  return Number(today.slice(0, 4)) - year > 10 ? 'old' : null;
}
