/** /app/receive/product/:product: one lot of a product that came in. */

import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { route } from '../router.js';
import { deleteDraft, getDraft, product, putDraft } from '../store.js';
import { lotEntryPage, lotFields, NOTHING, readLot } from './lot_entry.js';
import { changeMovement, draftKey, draftOf, withLine } from './movement_draft.js';
import { wordsOf } from './movement_way.js';

/** @import { Ctx, Product, Reply } from '../types.js' */
/** @import { Place } from './lot_entry.js' */

/** @param {Ctx} ctx @param {string} code */
function halfTypedKey(ctx, code) {
  return `${draftKey(ctx, 'receive')}/line/${code}`;
}

/** @param {Ctx} ctx @param {Product} row @returns {Place} */
function placeOf(ctx, row) {
  return {
    here: `/app/receive/product/${encodeURIComponent(row.code)}`, back: '/app/receive/product',
    ask: ctx.t('How many came in?'), add: wordsOf(ctx, 'receive').add,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function receiveLine(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row || !(await draftOf(ctx, 'receive'))) return redirect('/app/receive');
  const kept = await getDraft(halfTypedKey(ctx, row.code));
  return page(ctx, await lotEntryPage(ctx, row, kept ?? NOTHING, placeOf(ctx, row)));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function receiveLineDraft(ctx) {
  await putDraft(halfTypedKey(ctx, ctx.params.product ?? ''), lotFields(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function receiveLineAdd(ctx) {
  const row = await product(ctx.params.product ?? '');
  const draft = await draftOf(ctx, 'receive');
  if (!row || !draft) return redirect('/app/receive');
  const read = draft.lines.length >= LINES_MAX ? { line: null, errors: { number: wordsOf(ctx, 'receive').full } } : await readLot(ctx, row);
  const { line } = read;
  if (!line) return invalid(ctx, await lotEntryPage(ctx, row, lotFields(ctx.form), placeOf(ctx, row), read.errors));
  await changeMovement(ctx, 'receive', (now) => ({ ...now, lines: withLine(now.lines, line) }));
  await deleteDraft(halfTypedKey(ctx, row.code));
  return redirect('/app/receive/lines');
}

route('GET', '/app/receive/product/:product', receiveLine);
route('POST', '/app/receive/product/:product', receiveLineAdd);
route('POST', '/app/receive/product/:product/draft', receiveLineDraft);
