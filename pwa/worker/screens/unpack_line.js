/** /app/unpack/:product/add and /line/:line: one product that is in the kits: which, its lot, how many in all. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { route } from '../router.js';
import { deleteDraft, getDraft, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { lotEntryPage, lotFields, NOTHING, readLot } from './lot_entry.js';
import { withLine } from './movement_draft.js';
import { productRows, searchBox } from './product_search.js';
import { unknownKit } from './unpack.js';
import { changeUnpack, unpackDraft, unpackKey } from './unpack_draft.js';

/** @import { Ctx, Product, Reply } from '../types.js' */
/** @import { Errors, Fields } from './lot_entry.js' */
/** @import { UnpackDraft } from './unpack_draft.js' */

/** @param {Ctx} ctx */
function rootOf({ params }) {
  return `/app/unpack/${encodeURIComponent(params.product ?? '')}`;
}

/** @param {Ctx} ctx @returns {string} the address of the form, of a line or of a new one */
function hereOf(ctx) {
  const { content, line } = ctx.params;
  return content === undefined ? `${rootOf(ctx)}/line/${line}` : `${rootOf(ctx)}/add/${encodeURIComponent(content)}`;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<{draft: UnpackDraft, row: Product, at: number, fields: Fields} | null>} at: the line, or -1 for a new one
 */
async function asked(ctx) {
  const draft = await unpackDraft(ctx);
  const at = ctx.params.content === undefined ? Number(ctx.params.line) : -1;
  const line = at < 0 ? undefined : draft?.lines[at];
  const row = await product(ctx.params.content ?? line?.product ?? '');
  if (!draft || !row) return null;
  return { draft, row, at, fields: line ? { number: line.lot, expiry: line.expiry ?? '', quantity: String(line.quantity) } : NOTHING };
}

/** @param {Ctx} ctx */
function halfTypedKey(ctx) {
  return `${unpackKey(ctx)}/line/${ctx.params.content ?? ctx.params.line}`;
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {Fields} fields
 * @param {number} at
 * @param {Errors} [errors]
 */
async function linePage(ctx, row, fields, at, errors) {
  const { t } = ctx;
  const place = { here: hereOf(ctx), back: at < 0 ? `${rootOf(ctx)}/add` : `${rootOf(ctx)}/contents`, ask: t('How many in all?'), add: at < 0 ? t('Add it') : t('Take this line') };
  const form = await lotEntryPage(ctx, row, fields, place, errors);
  if (at < 0) return form;
  return { ...form, body: html`${form.body}<form method="post" action="${hereOf(ctx)}/remove"><button class="button">${icon('remove')}${t('Not in these kits')}</button></form>` };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function chooseContent(ctx) {
  if (!(await unpackDraft(ctx))) return redirect(rootOf(ctx));
  const root = rootOf(ctx);
  const text = (ctx.query.get('q') ?? '').trim();
  const body = html`${searchBox(ctx, { address: `${root}/add`, text, focus: true })}
${await productRows(ctx, { text, door: (code) => `${root}/add/${encodeURIComponent(code)}` })}`;
  return page(ctx, { title: ctx.t('Choose a product'), back: `${root}/contents`, body });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function showContent(ctx) {
  const found = await asked(ctx);
  if (!found) return (await product(ctx.params.product ?? '')) ? redirect(`${rootOf(ctx)}/contents`) : unknownKit(ctx);
  return page(ctx, await linePage(ctx, found.row, (await getDraft(halfTypedKey(ctx))) ?? found.fields, found.at));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function contentDraft(ctx) {
  await putDraft(halfTypedKey(ctx), lotFields(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function takeContent(ctx) {
  const found = await asked(ctx);
  if (!found) return redirect(`${rootOf(ctx)}/contents`);
  const { draft, row, at } = found;
  const full = at < 0 && draft.lines.length + 1 >= LINES_MAX;
  const read = full ? { line: null, errors: { number: ctx.t('This is full. Save it, then go on with a second one.') } } : await readLot(ctx, row);
  const { line } = read;
  if (!line) return invalid(ctx, await linePage(ctx, row, lotFields(ctx.form), at, read.errors));
  await changeUnpack(ctx, (now) => ({ ...now, lines: at < 0 ? withLine(now.lines, line) : now.lines.map((one, i) => (i === at ? line : one)) }));
  await deleteDraft(halfTypedKey(ctx));
  return redirect(`${rootOf(ctx)}/contents`);
}

route('GET', '/app/unpack/:product/add', chooseContent);
for (const pattern of ['/app/unpack/:product/add/:content', '/app/unpack/:product/line/:line']) {
  route('GET', pattern, showContent);
  route('POST', pattern, takeContent);
  route('POST', `${pattern}/draft`, contentDraft);
}
