/** What stands against operations of the facility, as pulled and as answered since, and what was decided here meanwhile. */

import { database, revision } from './database.js';
import { attention } from './records.js';

/** @import { ExceptionRow, Meta, OutboxRecord, Problem } from '../types.js' */

/** @type {{own: number, pulled: number, value: Problem[]} | null} */
let cache = null;

/** @returns {Promise<Problem[]>} open ones and decided ones that would stand otherwise, newest first */
export async function problems() {
  const { own, pulled } = revision;
  if (cache?.own === own && cache.pulled === pulled) return cache.value;
  const asked = await attention();
  const tx = (await database()).transaction(['exception', 'outbox', 'meta']);
  /** @type {[ExceptionRow[], Meta['session'] | undefined, number | undefined]} */
  const [rows, session, covers] = await Promise.all([
    tx.objectStore('exception').getAll(), tx.objectStore('meta').get('session'), tx.objectStore('meta').get('covers'),
  ]);
  const outbox = tx.objectStore('outbox');
  const range = session && IDBKeyRange.bound([session.device, covers ?? 0], [session.device, Infinity], true, false);
  /** @type {OutboxRecord[]} */
  const later = range ? await outbox.index('device_seq').getAll(range) : [];
  /** @type {Map<string, OutboxRecord>} */
  const decided = new Map();
  for (const record of later) {
    if (record.kind === 'exception.resolve') decided.set(JSON.parse(record.text).body.exception, record);
  }
  const known = new Set(rows.map(({ id }) => id));
  /** @type {ExceptionRow[]} */
  const fresh = [];
  for (const { id, standing } of asked) {
    const record = /** @type {OutboxRecord} */ (await outbox.get(id));
    for (const { id: exception, code, line = -1, detail = {} } of standing) {
      if (known.has(exception)) continue;
      known.add(exception);
      const opened_at = new Date(record.answered_at ?? record.saved_at).toISOString();
      fresh.push({ id: exception, code, operation: id, other: '', line, detail, state: 'open', opened_at });
    }
  }
  const value = await Promise.all([...fresh, ...rows].filter(({ state }) => state !== 'closed').map(async (row) => ({
    row, decided: decided.get(row.id) ?? null,
    operation: (await outbox.get(row.operation)) ?? null, other: (row.other && (await outbox.get(row.other))) || null,
  })));
  await tx.done;
  value.sort((a, b) => (a.row.opened_at < b.row.opened_at ? 1 : a.row.opened_at > b.row.opened_at ? -1 : a.row.id < b.row.id ? -1 : 1));
  cache = { own, pulled, value };
  return value;
}

/**
 * PURE
 *
 * @param {Problem} problem
 * @returns {boolean} whether it still asks for a decision, as far as this device knows
 */
export function isOpen({ row, decided }) {
  return row.state === 'open' && decided === null;
}
