/** What is expected here, as pulled, less what was received on this device and is not in what was pulled. */

import { database } from './database.js';
import { ownWork } from './own.js';

/** @import { ShipmentRow } from '../types.js' */

/** @returns {Promise<ShipmentRow[]>} with the lines that are still to come only; the one issued first comes first */
export async function shipments() {
  const [{ receipts }, db] = await Promise.all([ownWork(), database()]);
  /** @type {ShipmentRow[]} */
  const rows = await db.getAll('shipment');
  const received = new Set(receipts.flatMap(({ shipment, cards }) => cards.map((card) => claim(String(shipment), card))));
  return rows.filter(({ state }) => state === 'expected').map((row) => ({
    ...row, lines: row.lines.filter((line) => !line.received && !received.has(claim(row.id, line))),
  })).filter(({ lines }) => lines.length > 0).sort((a, b) => (a.issued_at < b.issued_at ? -1 : a.issued_at > b.issued_at ? 1 : a.id < b.id ? -1 : 1));
}

/** @param {string} shipment @param {{product: string, lot: string}} line */
function claim(shipment, { product, lot }) {
  return JSON.stringify([shipment, product, lot]);
}
