/** Pulled reference data: products with a search index kept in memory, reasons, facilities, lots, people. */

import { database, revision } from './database.js';
import { ownLots } from './cards.js';

/** @import { Facility, Lot, Product, Reason } from '../types.js' */

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

/** @returns {Promise<Reason[]>} by name */
export async function reasons() {
  /** @type {Reason[]} */
  const rows = await (await database()).getAll('reason');
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}

/** @returns {Promise<Facility[]>} by name */
export async function facilities() {
  /** @type {Facility[]} */
  const rows = await (await database()).getAll('facility');
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * @param {string} productCode
 * @returns {Promise<Lot[]>} the lots known of it at this facility, those first named on this device included; first to expire first
 */
export async function lotsOf(productCode) {
  const db = await database();
  const [session, rows, own] = await Promise.all([
    db.get('meta', 'session'), db.getAll('lot'), ownLots(productCode),
  ]);
  /** @type {Map<string, Lot>} */
  const lots = new Map();
  for (const lot of [...own, ...rows]) {
    if (lot.product === productCode && lot.facility === session?.facility) lots.set(lot.number, lot);
  }
  return [...lots.values()].sort((a, b) => (a.expiry ?? '9999').localeCompare(b.expiry ?? '9999'));
}

/**
 * @param {string} name what they sign in with
 * @returns {Promise<Record<string, any> | undefined>} the pulled row of that person
 */
export async function person(name) {
  const rows = await (await database()).getAll('user');
  return rows.find((row) => row.name === name);
}
