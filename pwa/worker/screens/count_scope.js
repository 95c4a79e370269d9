/** PURE: what a count goes through: the stock cards, a shelf, a category, a program, a few products, or everything. */

/** @import { CardView, Location, Product } from '../types.js' */

/** @typedef {'cards' | 'shelf' | 'category' | 'program' | 'chosen' | 'all'} Scope */

/**
 * @typedef {object} Extent
 * @property {Scope} scope
 * @property {string} name of the shelf (its code, '' for goods on none), category or program (its code); '' for the others
 */

/**
 * @param {readonly Product[]} catalogue by name
 * @param {readonly CardView[]} cards
 * @param {Extent} extent not of chosen products: those are known already
 * @returns {string[]} codes of the products to count, by name
 */
export function toCount(catalogue, cards, extent) {
  const { scope, name } = extent;
  if (scope === 'all') return catalogue.map((row) => row.code);
  if (scope === 'category') return catalogue.filter((row) => row.category === name).map((row) => row.code);
  if (scope === 'program') return catalogue.filter((row) => (row.programs ?? []).includes(name)).map((row) => row.code);
  const held = new Set(within(extent, cards).filter((card) => scope !== 'shelf' || card.on_hand !== 0).map((card) => card.product));
  return catalogue.filter((row) => held.has(row.code)).map((row) => row.code);
}

/**
 * @template {Pick<CardView, 'location'>} C
 * @param {Extent} extent
 * @param {readonly C[]} cards
 * @returns {C[]} those whose goods are seen in such a count: of one shelf, what stands on it
 */
export function within({ scope, name }, cards) {
  return cards.filter((card) => scope !== 'shelf' || card.location === name);
}

/**
 * @param {readonly CardView[]} cards
 * @param {readonly Pick<Location, 'code' | 'name'>[]} places as far as their names are known
 * @returns {{name: string, label: string, items: number}[]} the shelves on which the book has something, by label; none
 *   where shelves are not kept apart
 */
export function shelves(cards, places) {
  const labels = new Map(places.map((place) => [place.code, place.name]));
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const { location, product, on_hand } of cards) {
    if (on_hand === 0) continue;
    const items = found.get(location);
    if (items) items.add(product);
    else found.set(location, new Set([product]));
  }
  if (found.size === 0 || (found.size === 1 && found.has(''))) return [];
  return [...found].map(([name, items]) => ({ name, label: labels.get(name) || name, items: items.size }))
    .sort((a, b) => (a.label < b.label ? -1 : a.label > b.label ? 1 : 0));
}
