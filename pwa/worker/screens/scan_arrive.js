/** Where a scanned product leads: the screen of the task at hand, with its lot and expiry filled in. */

import { clock } from '../clock.js';
import { expiryState, localDate } from '../expiry.js';
import { byExpiry, unfit, usable } from '../fefo.js';
import { redirect } from '../layout.js';
import { scanQuery } from '../scan_door.js';
import { cardView, getDraft, lotsOf, putDraft } from '../store.js';
import { draftKey as adjustKey } from './adjust_product.js';
import { rowKey } from './count_entry.js';
import { countLotAdd } from './count_lot.js';
import { draftOf } from './movement_draft.js';
import { halfTypedKey } from './receive_line.js';

/** @import { CardView, Ctx, Reply } from '../types.js' */
/** @import { Say, Task } from '../scan_door.js' */

/** @typedef {{lot: string, expiry: string | null}} Pack */

/**
 * @typedef {object} Arrival
 * @property {string} code of the product
 * @property {Pack} pack
 * @property {CardView[]} cards of the product
 * @property {(says?: Say[]) => string} told the query that tells the screen of the scan
 */

/** @typedef {{number: string, expiry: string, quantity: string}} ReceiptFields */

/**
 * PURE
 *
 * @param {ReceiptFields | undefined} kept half typed
 * @param {Pack} pack
 * @returns {boolean} whether a number was typed for another lot
 */
function ofAnother(kept, { lot }) {
  return kept !== undefined && lot !== '' && kept.quantity !== '' && kept.number !== '' && kept.number !== lot;
}

/**
 * PURE: a receipt's line with what was scanned. A number that was typed for no lot yet is of this one.
 *
 * @param {ReceiptFields | undefined} kept half typed
 * @param {Pack} pack
 * @returns {ReceiptFields}
 */
export function filledIn(kept, pack) {
  const own = ofAnother(kept, pack) || !kept ? { number: '', expiry: '', quantity: '' } : kept;
  const same = pack.lot === '' || pack.lot === own.number;
  return { number: pack.lot || own.number, expiry: pack.expiry ?? (same ? own.expiry : ''), quantity: own.quantity };
}

/**
 * @param {Ctx} ctx
 * @param {Task} task
 * @param {string} code of the product
 * @param {Pack} pack
 * @returns {Promise<boolean>} whether a number that was typed for another lot of it would have to go
 */
export async function replacesTyped(ctx, task, code, pack) {
  return task.name === 'receive' && ofAnother(await getDraft(halfTypedKey(ctx, code)), pack);
}

/**
 * @param {Ctx} ctx
 * @param {Arrival} arrival
 * @returns {Promise<Reply>}
 */
async function receive(ctx, { code, pack, told }) {
  const key = halfTypedKey(ctx, code);
  await putDraft(key, filledIn(await getDraft(key), pack));
  if (!(await draftOf(ctx, 'receive'))) return redirect(`/app/receive${told(['party'])}`);
  return redirect(`/app/receive/product/${encodeURIComponent(code)}${told()}`);
}

/**
 * First expired, first out: only where the pack in the hand is another one, its lot is asked for by itself.
 *
 * @param {Ctx} ctx
 * @param {Arrival} arrival
 * @returns {Promise<Reply>}
 */
async function issue(ctx, { code, pack, cards, told }) {
  const here = `/app/issue/product/${encodeURIComponent(code)}`;
  if (!(await draftOf(ctx, 'issue'))) return redirect(`/app/issue${told(['party'])}`);
  const today = localDate(clock.now());
  const lots = usable(cards, today);
  const own = cards.filter((card) => card.on_hand > 0 && card.lot === pack.lot);
  const spoiled = expiryState(pack.expiry, today) === 'expired' || (own.length > 0 && own.every((card) => unfit(card, today) !== null));
  if (pack.lot === '' || lots[0]?.lot === pack.lot || spoiled) return redirect(`${here}${told()}`);
  if (!lots.some((card) => card.lot === pack.lot)) return redirect(`${here}${told(['gone'])}`);
  return redirect(`${here}/lots${told(['later'])}`);
}

/**
 * @param {Ctx} ctx
 * @param {Arrival} arrival
 * @returns {Promise<Reply>}
 */
async function adjust({ me }, { code, pack, cards, told }) {
  const key = adjustKey(me, code);
  const card = cards.filter((one) => one.on_hand !== 0 && one.lot === pack.lot).sort(byExpiry)[0];
  if (card) await putDraft(key, { reason: '', quantity: '', ...(await getDraft(key)), card: rowKey(card) });
  return redirect(`/app/adjust/${encodeURIComponent(code)}${told(card || pack.lot === '' ? [] : ['gone'])}`);
}

/**
 * A lot that is not on the list is added to it, as if it had been typed: where the expiry is missing, it is asked for.
 *
 * @param {Ctx} ctx
 * @param {string} session
 * @param {Arrival} arrival
 * @returns {Promise<Reply>}
 */
async function count(ctx, session, { code, pack, cards, told }) {
  const item = `/app/count/${session}/item/${encodeURIComponent(code)}`;
  const listed = cards.some((card) => card.on_hand !== 0 && card.lot === pack.lot);
  if (listed || pack.lot === '') return redirect(`${item}${told()}`);
  const form = new URLSearchParams({ number: pack.lot, expiry: pack.expiry ?? '' });
  const added = await countLotAdd({ ...ctx, form, params: { session, product: code } });
  return added.headers['Location'] === item ? redirect(`${item}${told()}`) : added;
}

/**
 * @param {Ctx} ctx
 * @param {Task} task
 * @param {string} code of the product
 * @param {Pack} pack
 * @returns {Promise<Reply>} a redirect
 */
export async function arrive(ctx, task, code, pack) {
  const [cards, lots] = await Promise.all([cardView(code), lotsOf(code)]);
  const known = lots.find((lot) => lot.number === pack.lot)?.expiry ?? null;
  const book = pack.lot !== '' && pack.expiry !== null && known !== null && known !== pack.expiry ? known : null;
  /** @type {Arrival} */
  const arrival = { code, pack, cards, told: (says = []) => scanQuery(pack, says, book) };
  if (task.name === 'count') return count(ctx, task.session, arrival);
  if (task.name === 'receive') return receive(ctx, arrival);
  if (task.name === 'issue') return issue(ctx, arrival);
  if (task.name === 'adjust') return adjust(ctx, arrival);
  const gone = pack.lot !== '' && !cards.some((card) => card.on_hand > 0 && card.lot === pack.lot);
  return redirect(`/app/stock/${encodeURIComponent(code)}${arrival.told(gone ? ['gone'] : [])}`);
}

/** @param {Task} task @returns {string} the screen on which a product is chosen by its name */
export function listOf({ name, session }) {
  return { stock: '/app/stock', adjust: '/app/adjust', receive: '/app/receive/product', issue: '/app/issue/product', count: `/app/count/${session}` }[name];
}
