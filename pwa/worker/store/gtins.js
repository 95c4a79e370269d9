/** Which products a GTIN means: those whose catalogue row has it, and those that people of this facility linked. */

import { database, revision } from './database.js';
import { product, products } from './catalogue.js';
import { getMeta } from './meta.js';

/** @import { OutboxRecord, Product } from '../types.js' */

/** @typedef {{product: string, active: boolean}} Link */

const LENGTH = 14;

/** @type {{pulled: number, codes: Map<string, string[]>} | null} */
let catalogue = null;

/** @returns {Promise<Map<string, string[]>>} product codes by GTIN, as the catalogue has them */
async function ofCatalogue() {
  const rows = await products();
  if (catalogue?.pulled === revision.pulled) return catalogue.codes;
  const { pulled } = revision;
  /** @type {Map<string, string[]>} */
  const codes = new Map();
  for (const row of rows) {
    for (const { system, value } of row.identifiers ?? []) {
      if (system !== 'gtin') continue;
      const gtin = value.padStart(LENGTH, '0');
      codes.set(gtin, [...(codes.get(gtin) ?? []), row.code]);
    }
  }
  catalogue = { pulled, codes };
  return codes;
}

/**
 * @param {string} gtin 14 digits
 * @returns {Promise<Link | null>} what this facility says that it means, this device's own word included
 */
async function ofFacility(gtin) {
  const db = await database();
  const pulled = db.objectStoreNames.contains('identifier') ? await db.get('identifier', JSON.stringify(['gtin', gtin])) : undefined;
  /** @type {OutboxRecord[][]} */
  const [waiting = [], answered = []] = await Promise.all([
    db.getAllFromIndex('outbox', 'state', 'waiting'),
    db.getAllFromIndex('outbox', 'answered_at', IDBKeyRange.lowerBound((await getMeta('pulled_at')) ?? 0)),
  ]);
  const own = [...answered, ...waiting].filter(({ kind, outcome }) => kind === 'product.identify' && outcome !== 'held')
    .map(({ text }) => JSON.parse(text).body).filter((body) => body.system === 'gtin' && body.value === gtin).at(-1);
  return own ?? pulled ?? null;
}

/**
 * @param {string} gtin 14 digits
 * @returns {Promise<Product[]>} none where nobody knows it, several where it is not clear; what the facility says goes
 *   before the catalogue, which may not know its packs
 */
export async function productsOf(gtin) {
  const link = await ofFacility(gtin);
  const linked = link?.active ? await product(link.product) : undefined;
  if (linked) return [linked];
  const codes = (await ofCatalogue()).get(gtin) ?? [];
  const rows = await Promise.all(codes.map(product));
  return rows.filter((row) => row !== undefined);
}
