/** What becomes of the figures of one product: saved as an operation, or kept until a second person has counted it too. */

import { clock } from '../clock.js';
import { append } from '../outbox.js';
import { deleteDraft, putDraft, reasons } from '../store.js';
import { accurate, itemDifference } from './count_differences.js';
import { wireLines } from './count_entry.js';
import { entryKey, nextToCount, sessionKey } from './count_session.js';

/** @import { Ctx } from '../types.js' */
/** @import { CountedItem, CountedLine, Pair, Session, Tally } from './count_session.js' */

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {string} code
 * @param {CountedLine[]} lines
 * @returns {Promise<Session>} as it is afterwards, once the operation is durable
 * @throws {import('../outbox.js').TooLarge | import('../outbox.js').StorageRefused}
 */
export async function saveItem(ctx, session, code, lines) {
  const others = session.pairs[code]?.tallies.map(({ by }) => by).filter((by) => by !== ctx.me.user) ?? [];
  /** @type {CountedItem} */
  const item = { at: clock.now(), by: ctx.me.user, lines, ...(others[0] !== undefined && { also: others.join(', ') }) };
  const { [code]: _settled, ...pairs } = session.pairs;
  const after = joined({ ...session, items: { ...session.items, [code]: item }, pairs }, code);
  await append('stock.count', { session: session.id, lines: wireLines(code, lines) }, {
    drafts: { [sessionKey(session.id)]: after, [entryKey(session, code, ctx.me.user)]: undefined },
  });
  return after;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {string} code
 * @param {CountedLine[]} lines
 * @returns {Promise<Session>} with the figures as a tally, the person's own earlier one replaced; nothing is sent
 */
export async function keepTally(ctx, session, code, lines) {
  /** @type {Tally} */
  const tally = { at: clock.now(), by: ctx.me.user, lines };
  const earlier = (session.pairs[code]?.tallies ?? []).filter(({ by }) => by !== ctx.me.user);
  return keepPair(ctx, session, code, { tallies: [...earlier, tally] });
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {string} code
 * @param {Pair | null} pair null: nobody has counted it
 * @returns {Promise<Session>} as it is kept
 */
export async function keepPair(ctx, session, code, pair) {
  const { [code]: _earlier, ...rest } = session.pairs;
  // What was saved before stays in the ledger; here the product is to be counted by two again.
  const { [code]: _item, ...items } = session.items;
  const after = joined({ ...session, items, pairs: pair ? { ...rest, [code]: pair } : rest }, code);
  await putDraft(sessionKey(session.id), after);
  if (pair) await deleteDraft(entryKey(session, code, ctx.me.user));
  return after;
}

/**
 * @param {Session} session
 * @param {string} code
 * @returns {Session} with the product in it
 */
function joined(session, code) {
  return session.products.includes(code) ? session : { ...session, products: [...session.products, code] };
}

/**
 * @param {Session} session
 * @param {string} code
 * @param {CountedLine[]} lines
 * @returns {Promise<boolean>} whether to ask why: the product is off the book by more than a tenth, and the counter may know that
 */
export async function asksWhy({ blind }, code, lines) {
  if (blind) return false;
  const { opening, book, counted } = itemDifference(code, { lines });
  return !opening && accurate({ book, counted }) === false && (await reasons()).length > 0;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {string} code what was counted just now
 * @returns {string} address of what comes after it
 */
export function onward(ctx, session, code) {
  const next = nextToCount(session, ctx.me.user, code);
  const done = `?done=${encodeURIComponent(code)}`;
  if (next !== null) return `/app/count/${session.id}/item/${encodeURIComponent(next)}${done}`;
  return Object.keys(session.pairs).length > 0 ? `/app/count/${session.id}${done}` : `/app/count/${session.id}/summary${done}`;
}
