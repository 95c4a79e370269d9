/** The lines of a receipt, an issue, a transfer or a return: what is on it, what to add, saving it as one operation. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardsView, product } from '../store.js';
import { icon } from '../sprite.js';
import { changeMovement, datedBack, draftKey, draftOf, remember, sameCard, WAYS, wireLines, withProduct } from './movement_draft.js';
import { heading, partyName, wordsOf } from './movement_way.js';
import { empty, expiryChip, notice } from './parts.js';
import { savingFailed } from './saving.js';
import { used } from './used.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Page, Reply } from '../types.js' */
/** @import { DraftLine, MovementDraft, Way } from './movement_draft.js' */

/**
 * PURE
 *
 * @param {readonly DraftLine[]} lines of an issue
 * @param {readonly CardView[]} cards
 * @returns {number} how many units more than the book has
 */
export function beyondBook(lines, cards) {
  return lines.reduce((sum, line) => {
    const card = cards.find((one) => sameCard({ ...one, quantity: 0 }, line));
    return sum + Math.max(0, line.quantity - Math.max(0, card?.on_hand ?? 0));
  }, 0);
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {string} code
 * @param {DraftLine[]} lines of that product
 * @param {readonly CardView[]} cards
 * @returns {Promise<Html>}
 */
async function productSheet(ctx, way, code, lines, cards) {
  const { t, fmt } = ctx;
  const { root } = wordsOf(ctx, way);
  const row = await product(code);
  const name = row?.name ?? code;
  const total = lines.reduce((sum, line) => sum + line.quantity, 0);
  const beyond = way === 'receive' ? 0 : beyondBook(lines, cards);
  const at = `${root}/product/${encodeURIComponent(code)}`;
  return html`<li class="sheet stack-tight"><div class="sheet-head"><h2>${name}</h2><span class="row-figure">${fmt.number(total)}<span class="row-unit">${row?.dispensing_unit}</span></span></div>
${lines.map((line) => html`<p class="lines-lot"><span>${line.lot === '' ? t('Without a lot number') : html`${t('Lot {number}', { number: line.lot })} · ${expiryChip(ctx, line.expiry)}`}</span>
<span class="number strong">${fmt.number(line.quantity)}</span></p>`)}
${lines.some((line) => line.override) && html`<p class="soft small">${t('It goes out although it must not be used: {reason}', { reason: lines.find((line) => line.override)?.override ?? '' })}</p>`}
${beyond > 0 && notice('warn', t('{n} more than the book shows. It can be saved as it is; you will be asked to count this product.', { n: fmt.number(beyond) }))}
<div class="sheet-buttons">${way === 'receive' ? html`<a class="button" href="${at}">${icon('plus')}${t('Another lot')}</a>`
    : html`<a class="button" href="${at}/lots">${icon('lot')}${t('Change the lots')}</a>`}
<form method="post" action="${root}/remove"><button class="button" name="product" value="${code}" aria-label="${t('Remove {name}', { name })}">${icon('remove')}${t('Remove')}</button></form></div></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {MovementDraft} draft
 * @param {string} [failure]
 * @returns {Promise<Page>}
 */
async function linesPage(ctx, way, draft, failure) {
  const { t, fmt } = ctx;
  const words = wordsOf(ctx, way);
  const codes = [...new Set(draft.lines.map((line) => line.product))];
  const cards = await cardsView();
  const sheets = await Promise.all(codes.map((code) => productSheet(ctx, way, code, draft.lines.filter((line) => line.product === code), cards)));
  const body = html`${failure && notice('bad', failure, { urgent: true })}
<div class="line-apart"><p><span class="strong">${words.from(await partyName(draft.party))}</span><br>
<span class="soft small">${fmt.date(draft.date)}${draft.reference && ` · ${draft.reference}`}</span></p>
<a class="button" href="${words.root}${way === 'receive' && '?other=1'}">${icon('edit')}${t('Change')}</a></div>
${codes.length === 0 ? empty(way, words.none, words.teach) : html`<ul class="stack-tight">${sheets}</ul>
<a class="button" href="${words.root}/product">${icon('plus')}${t('Add a product')}</a>`}`;
  const bar = codes.length === 0 ? html`<a class="button button-primary" href="${words.root}/product">${icon('plus')}${t('Add a product')}</a>`
    : html`<form method="post" action="${words.root}/save"><input type="hidden" name="changes" value="${draft.changes ?? 0}"><button class="button button-primary">${icon('check')}${words.save}</button></form>`;
  return { title: words.title, back: `${words.root}${way === 'receive' ? '?other=1' : ''}`, body, bar };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function showLines(way) {
  return async (ctx) => {
    const draft = await draftOf(ctx, way);
    return draft ? page(ctx, await linesPage(ctx, way, draft)) : redirect(wordsOf(ctx, way).root);
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function removeProduct(way) {
  return async (ctx) => {
    await changeMovement(ctx, way, (draft) => ({ ...draft, lines: withProduct(draft.lines, ctx.form.get('product') ?? '', []) }));
    return redirect(`${wordsOf(ctx, way).root}/lines`);
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function save(way) {
  return async (ctx) => {
    const words = wordsOf(ctx, way);
    const draft = await draftOf(ctx, way);
    if (!draft || draft.lines.length === 0) return redirect(`${words.root}/lines`);
    const { party, date, lines } = draft;
    const key = draftKey(ctx, way);
    const shown = ctx.form.get('changes') ?? String(draft.changes ?? 0);
    let id;
    try {
      ({ id } = await append(words.kind, { ...heading(way, draft), lines: wireLines(lines) }, {
        ...datedBack(date), drafts: { [key]: undefined }, only: { key, is: (now) => now && String(now.changes ?? 0) === shown },
      }));
    } catch (error) {
      return invalid(ctx, await linesPage(ctx, way, draft, savingFailed(ctx, error)));
    }
    await remember(ctx, party);
    await used(ctx, way, lines.map((line) => line.product));
    return redirect(`${words.root}/saved?id=${id}&lines=${lines.length}`);
  };
}

for (const way of WAYS) {
  route('GET', `/app/${way}/lines`, showLines(way));
  route('POST', `/app/${way}/remove`, removeProduct(way));
  route('POST', `/app/${way}/save`, save(way));
}
