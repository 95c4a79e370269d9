/** PURE: what may be undone here: one's own of today, once, and only what moved stock. */

import { localDate } from '../expiry.js';

/** @import { Kind, OutboxRecord } from '../types.js' */

/** Kinds that a reversal takes out of the fold. */
export const REVERSIBLE = /** @type {ReadonlySet<Kind>} */ (new Set([
  'stock.receive', 'stock.issue', 'stock.dispense', 'stock.adjust', 'stock.count', 'stock.unpack', 'stock.move',
]));

/** @typedef {'undone' | 'kind' | 'held' | 'aside' | 'other' | 'old' | 'right' | 'elsewhere'} Obstacle */

/**
 * @param {OutboxRecord} record
 * @param {{user: string, facility: string, rights: readonly string[], now: number, undone: boolean}} here undone: a
 *   reversal of it was recorded on this device
 * @returns {Obstacle | null} why it cannot be undone here, null where it can
 */
export function obstacle(record, { user, facility, rights, now, undone }) {
  if (undone) return 'undone';
  if (!REVERSIBLE.has(record.kind)) return 'kind';
  if (record.facility !== facility) return 'elsewhere';
  if (record.outcome === 'held') return 'held';
  if (record.state === 'set_aside') return 'aside';
  if (record.author !== user) return 'other';
  if (localDate(record.saved_at) !== localDate(now)) return 'old';
  return rights.includes('stock.reverse') ? null : 'right';
}
