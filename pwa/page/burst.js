/** PURE: whether a burst of keys was a scanner's, and which character a key of it is. */

/** A pause this long ends a burst; scanners over the air need 20 to 40 ms a key, the fastest people twice that. */
export const PAUSE_MS = 100;
const MEAN_MS = 45;
/** EAN-8 and UPC-E are the shortest codes. */
const LEAST = 8;
/** What separates the elements of a GS1 code. */
export const GS = '\x1d';

/**
 * @param {{text: string, first: number, last: number}} burst
 * @returns {boolean} whether no hand types so
 */
export function isScan({ text, first, last }) {
  return text.length >= LEAST && (last - first) / (text.length - 1) <= MEAN_MS;
}

/**
 * @param {{key: string, code: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean}} event
 * @returns {string} the character of a key; a separator where it comes as a control key or a function key; '' for no character
 */
export function character({ key, code, ctrlKey, altKey, metaKey }) {
  if (key === GS || key === 'F8' || (ctrlKey && (key === ']' || code === 'BracketRight'))) return GS;
  return key.length === 1 && !ctrlKey && !altKey && !metaKey ? key : '';
}
