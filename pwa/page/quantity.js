/** PURE: what was typed as a quantity, in dispensing units; sums such as "3×100+20" are worked out. */

/** No quantity is larger (PROTOCOL.md, Operation). */
export const QUANTITY_MAX = 1_000_000_000;

/** @typedef {{ok: true, value: number, worked: boolean} | {ok: false, error: 'empty' | 'number' | 'negative' | 'zero' | 'large'}} Quantity */

/**
 * @param {string} text
 * @returns {string} the same with ASCII digits: Arabic-Indic and Persian ones are typed too
 */
export function asciiDigits(text) {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf));
}

/**
 * Whole numbers, with spaces between thousands, and sums of products of them. Decimal marks are refused rather
 * than guessed at, since "1,000" is a thousand in one language and one in another.
 *
 * @param {string} text
 * @param {{least?: number}} [options] least: 0 for counts, 1 for movements
 * @returns {Quantity} `worked` tells that it was a sum
 */
export function parseQuantity(text, { least = 0 } = {}) {
  const typed = asciiDigits(text).replace(/[\s\u00a0\u202f]/g, '').replace(/[x*]/gi, '×');
  if (typed === '') return { ok: false, error: 'empty' };
  if (/^[-\u2212]/.test(typed)) return { ok: false, error: 'negative' };
  if (!/^\d{1,12}(?:[+×]\d{1,12})*$/.test(typed) || typed.length > 60) return { ok: false, error: 'number' };
  let value = 0;
  for (const term of typed.split('+')) value += term.split('×').reduce((product, factor) => product * Number(factor), 1);
  if (value > QUANTITY_MAX) return { ok: false, error: 'large' };
  if (value < least) return { ok: false, error: 'zero' };
  return { ok: true, value, worked: /[+×]/.test(typed) };
}
