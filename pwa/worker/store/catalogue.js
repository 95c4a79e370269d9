/** Pulled reference data: products with a search index kept in memory, reasons, facilities, people. */

import { database, revision } from './database.js';

/** @import { Facility, Product, Program, Reason } from '../types.js' */

/** @type {{pulled: number, products: Product[], byCode: Map<string, Product>, texts: string[]} | null} */
let index = null;

/**
 * @param {string} text
 * @returns {string} lower case, without accents
 */
export function folded(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

async function indexed() {
  if (index?.pulled === revision.pulled) return index;
  const { pulled } = revision;
  /** @type {Product[]} */
  const rows = await (await database()).getAll('product');
  const products = rows.filter((row) => row.active !== false)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  index = {
    pulled,
    products,
    byCode: new Map(rows.map((row) => [row.code, row])),
    texts: products.map((row) => folded(`${row.code} ${row.name}`)),
  };
  return index;
}

/** @returns {Promise<Product[]>} the active products by name */
export async function products() {
  return (await indexed()).products;
}

/**
 * @param {string} code
 * @returns {Promise<Product | undefined>} inactive ones too
 */
export async function product(code) {
  return (await indexed()).byCode.get(code);
}

/**
 * Products whose code or name holds every word of the text, whatever its case and accents; those that
 * begin with the text come first, then those of which a word does.
 *
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<Product[]>}
 */
export async function searchProducts(text, limit) {
  const { products: all, texts } = await indexed();
  const words = folded(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return all.slice(0, limit);
  const first = /** @type {string} */ (words[0]);
  /** @type {[number, Product][]} */
  const found = [];
  for (let i = 0; i < all.length; i += 1) {
    const haystack = /** @type {string} */ (texts[i]);
    if (!words.every((word) => haystack.includes(word))) continue;
    const row = /** @type {Product} */ (all[i]);
    const starts = haystack.startsWith(first) || folded(row.name).startsWith(first);
    found.push([starts ? 0 : haystack.includes(` ${first}`) ? 1 : 2, row]);
  }
  return found.sort((a, b) => a[0] - b[0]).slice(0, limit).map(([, row]) => row);
}

/** @type {Map<string, {pulled: number, rows: any[]}>} */
const sorted = new Map();

/**
 * @param {'reason' | 'facility' | 'user' | 'program'} entity
 * @returns {Promise<any[]>} its rows by name, kept in memory until the next pull
 */
async function byName(entity) {
  const known = sorted.get(entity);
  if (known?.pulled === revision.pulled) return known.rows;
  const { pulled } = revision;
  const collator = new Intl.Collator();
  const db = await database();
  // A store of an older version of the app may lack what a newer one pulls.
  const rows = !db.objectStoreNames.contains(entity) ? [] : (await db.getAll(entity)).sort((a, b) => collator.compare(a.name, b.name));
  sorted.set(entity, { pulled, rows });
  return rows;
}

/** @returns {Promise<Reason[]>} by name */
export async function reasons() {
  return byName('reason');
}

/** @returns {Promise<Program[]>} by name */
export async function programs() {
  return byName('program');
}

/** @returns {Promise<Facility[]>} by name */
export async function facilities() {
  return byName('facility');
}

/**
 * @param {string} name what they sign in with
 * @returns {Promise<Record<string, any> | undefined>} the pulled row of that person
 */
export async function person(name) {
  return (await byName('user')).find((row) => row.name === name);
}
