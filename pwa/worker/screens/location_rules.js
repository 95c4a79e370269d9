/** PURE: the shelves and bins of a facility as one list: those that were named, and those that only stock is known to lie on. */

/** @import { CardView, Location } from '../types.js' */

/** What fits into a line of an operation. */
export const CODE_MAX = 64;
export const NAME_MAX = 80;

/** @typedef {Location & {named: boolean, lots: number}} Stand named: it was put on the list; lots: how many the book has there */

/**
 * @param {readonly Location[]} registered
 * @param {readonly CardView[]} cards of all products
 * @returns {Stand[]} in the order of `registered`, then the others by code
 */
export function stands(registered, cards) {
  /** @type {Map<string, number>} */
  const lots = new Map();
  for (const { location, on_hand } of cards) {
    if (location !== '' && on_hand !== 0) lots.set(location, (lots.get(location) ?? 0) + 1);
  }
  const known = new Set(registered.map(({ code }) => code));
  const others = [...lots.keys()].filter((code) => !known.has(code)).sort();
  return [
    ...registered.map((place) => ({ ...place, named: true, lots: lots.get(place.code) ?? 0 })),
    ...others.map((code) => ({ code, name: '', active: true, named: false, lots: lots.get(code) ?? 0 })),
  ];
}

/**
 * @param {string} text
 * @returns {string} as it is compared: two that look the same on a shelf are one
 */
export function alike(text) {
  return text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}

/**
 * @param {string} code
 * @param {readonly Stand[]} all
 * @returns {'empty' | 'taken' | null} what is wrong with it as the code of a new place
 */
export function codeFault(code, all) {
  if (alike(code) === '') return 'empty';
  return all.some((place) => alike(place.code) === alike(code) && place.named) ? 'taken' : null;
}

/**
 * @param {string} name
 * @param {string} code of the place that is to be called so
 * @param {readonly Stand[]} all
 * @returns {boolean} whether another place in use is called so
 */
export function nameTaken(name, code, all) {
  return alike(name) !== '' && all.some((place) => place.code !== code && place.active && alike(place.name || place.code) === alike(name));
}
