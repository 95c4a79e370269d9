/** /app/unpack/:product/contents: what is in the kits, filled in from the last ones, and saving it as one operation. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { chip, empty, expiryChip, notice } from './parts.js';
import { askedFor, savedPage } from './saved.js';
import { savingFailed } from './saving.js';
import { unknownKit } from './unpack.js';
import { changeUnpack, recipeKey, unpackDraft, unpacked, unpackKey } from './unpack_draft.js';
import { used } from './used.js';

/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { UnpackDraft } from './unpack_draft.js' */

/**
 * @param {Ctx} ctx
 * @param {Product} row the kit
 * @param {UnpackDraft} draft
 * @param {string} [failure]
 * @returns {Promise<Page>}
 */
async function contentsPage(ctx, row, draft, failure) {
  const { t, tn, fmt } = ctx;
  const root = `/app/unpack/${encodeURIComponent(row.code)}`;
  const lines = await Promise.all(draft.lines.map(async (line, i) => {
    const content = await product(line.product);
    return html`<li class="line-row"><a class="row" href="${root}/line/${i}"><span class="row-words"><span class="row-name">${content?.name ?? line.product}</span>
<span class="row-detail">${line.check ? chip('warn', 'lot', t('Enter its lot')) : line.lot === '' ? html`<span>${t('Without a lot number')}</span>`
      : html`<span>${t('Lot {number}', { number: line.lot })}</span>${expiryChip(ctx, line.expiry)}`}</span></span>
<span class="row-figure number">${fmt.number(line.quantity)}<span class="row-unit">${content?.dispensing_unit}</span></span><span class="row-change">${icon('edit')}<span class="hidden-words">${t('Change')}</span></span></a></li>`;
  }));
  const body = html`${failure && notice('bad', failure, { urgent: true })}
<div class="line-apart"><p class="strong">${tn('{n} kit opened', '{n} kits opened', draft.kits, { n: fmt.number(draft.kits) })}${draft.card.lot && ` · ${t('Lot {number}', { number: draft.card.lot })}`}</p>
<a class="button" href="${root}">${icon('edit')}${t('Change')}</a></div>
${lines.length === 0 ? empty('kit', t('What is in it?'), t('Add each product that is in the kits, with its lot, its expiry and how many in all. The next time it is filled in.'))
    : html`<p class="soft small">${t('In all kits together. Tap a line to change it.')}</p><ul class="rows">${lines}</ul><a class="button" href="${root}/add">${icon('plus')}${t('Add a product')}</a>`}`;
  const bar = lines.length === 0 ? html`<a class="button button-primary" href="${root}/add">${icon('plus')}${t('Add a product')}</a>`
    : html`<form method="post" action="${root}/contents"><input type="hidden" name="changes" value="${draft.changes}"><button class="button button-primary">${icon('check')}${t('Save the unpacking')}</button></form>`;
  return { title: row.name, back: root, body, bar };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function showContents(ctx) {
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknownKit(ctx);
  const draft = await unpackDraft(ctx);
  return draft ? page(ctx, await contentsPage(ctx, row, draft)) : redirect(`/app/unpack/${encodeURIComponent(row.code)}`);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function saveUnpacking(ctx) {
  const { t } = ctx;
  const row = await product(ctx.params.product ?? '');
  if (!row) return unknownKit(ctx);
  const draft = await unpackDraft(ctx);
  const root = `/app/unpack/${encodeURIComponent(row.code)}`;
  if (!draft || draft.lines.length === 0) return redirect(`${root}/contents`);
  const refused = async (/** @type {string} */ failure) => invalid(ctx, await contentsPage(ctx, row, draft, failure));
  if (draft.lines.some((line) => line.check)) return refused(t('These kits are of another lot than the last ones. Tap each marked line and enter the lot that is on the pack.'));
  const key = unpackKey(ctx);
  const shown = ctx.form.get('changes') ?? String(draft.changes);
  const recipe = { lot: draft.card.lot, kits: draft.kits, lines: draft.lines };
  try {
    const { id } = await append('stock.unpack', unpacked(row.code, draft), {
      drafts: { [key]: undefined, [recipeKey(ctx)]: recipe }, only: { key, is: (now) => now && String(now.changes) === shown },
    });
    await used(ctx, 'unpack', [row.code]);
    return redirect(`/app/unpacked?id=${id}&lines=${draft.lines.length + 1}`);
  } catch (error) {
    return refused(savingFailed(ctx, error));
  }
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function removeContent(ctx) {
  const at = Number(ctx.params.line);
  await changeUnpack(ctx, (draft) => ({ ...draft, lines: draft.lines.filter((_, i) => i !== at) }));
  return redirect(`/app/unpack/${encodeURIComponent(ctx.params.product ?? '')}/contents`);
}

/** @param {Ctx} ctx */
function saved(ctx) {
  const { t } = ctx;
  return savedPage(ctx, { title: t('Unpack a kit'), words: t('The unpacking is saved on this device'), again: { url: '/app/unpack', words: t('Unpack more') }, ...askedFor(ctx.query) });
}

route('GET', '/app/unpacked', saved);
route('GET', '/app/unpack/:product/contents', showContents);
route('POST', '/app/unpack/:product/contents', saveUnpacking);
route('POST', '/app/unpack/:product/line/:line/remove', removeContent);
