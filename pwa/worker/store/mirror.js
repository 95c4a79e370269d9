/** Pulled cards and lots in memory, by product: read once, then patched by each pull, for the tap must not wait. */

import { database, revision } from './database.js';

/** @import { CardRow, Change, Lot } from '../types.js' */

/**
 * @typedef {object} Mirror
 * @property {Map<string, Map<string, CardRow>>} cards product -> key -> row
 * @property {Map<string, Map<string, Lot>>} lots product -> key -> row
 * @property {Map<string, string>} products entity and key -> product, for a deletion names only its key
 */

/** @type {Promise<Mirror> | null} */
let loading = null;

/** @returns {Promise<Mirror>} what was pulled last */
export function mirror() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @returns {Promise<Mirror>} */
async function load() {
  for (;;) {
    const { pulled } = revision;
    /** @type {Mirror} */
    const made = { cards: new Map(), lots: new Map(), products: new Map() };
    const tx = (await database()).transaction(['card', 'lot']);
    const [cards, cardKeys, lots, lotKeys] = await Promise.all([
      tx.objectStore('card').getAll(), tx.objectStore('card').getAllKeys(),
      tx.objectStore('lot').getAll(), tx.objectStore('lot').getAllKeys(),
    ]);
    for (const [i, row] of cards.entries()) put(made, 'card', String(cardKeys[i]), row);
    for (const [i, row] of lots.entries()) put(made, 'lot', String(lotKeys[i]), row);
    // A pull that ended meanwhile may or may not be in what was read: read again.
    if (pulled === revision.pulled) return made;
  }
}

/**
 * @param {Mirror} made
 * @param {'card' | 'lot'} entity
 * @param {string} key
 * @param {any} row
 */
function put(made, entity, key, row) {
  const byProduct = /** @type {Map<string, Map<string, any>>} */ (entity === 'card' ? made.cards : made.lots);
  let rows = byProduct.get(row.product);
  if (!rows) byProduct.set(row.product, (rows = new Map()));
  rows.set(key, row);
  made.products.set(`${entity} ${key}`, row.product);
}

/**
 * Make what is in memory what was just stored. Called once the transaction is done.
 *
 * @param {readonly Change[]} changes
 * @param {boolean} anew whether they are not all that changed: then all is read again
 */
export async function patchMirror(changes, anew) {
  revision.pulled += 1;
  const known = loading;
  if (!known) return;
  if (anew) {
    loading = null;
    return;
  }
  const made = await known;
  for (const { entity, key, row, deleted } of changes) {
    if (entity !== 'card' && entity !== 'lot') continue;
    if (!deleted) put(made, entity, key, row);
    else {
      const product = made.products.get(`${entity} ${key}`) ?? '';
      (entity === 'card' ? made.cards : made.lots).get(product)?.delete(key);
    }
  }
}
