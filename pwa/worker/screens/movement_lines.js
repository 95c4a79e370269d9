/** The lines of a receipt or an issue: what is on it, what to add, and saving it as one operation. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardsView, product } from '../store.js';
import { icon } from '../sprite.js';
import { datedBack, draftKey, draftOf, keep, remember, sameCard, wireLines, withProduct } from './movement_draft.js';
import { partyName, wordsOf } from './movement_way.js';
import { empty, expiryChip, notice } from './parts.js';
import { savingFailed } from './saving.js';

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
  const beyond = way === 'issue' ? beyondBook(lines, cards) : 0;
  const at = `${root}/product/${encodeURIComponent(code)}`;
  return html`<li class="sheet stack-tight"><div class="sheet-head"><h2>${name}</h2><span class="row-figure">${fmt.number(total)}<span class="row-unit">${row?.dispensing_unit}</span></span></div>
${lines.map((line) => html`<p class="lines-lot"><span>${line.lot === '' ? t('Without a lot number') : html`${t('Lot {number}', { number: line.lot })} · ${expiryChip(ctx, line.expiry)}`}</span>
<span class="number strong">${fmt.number(line.quantity)}</span></p>`)}
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
<a class="button" href="${words.root}">${icon('edit')}${t('Change')}</a></div>
${codes.length === 0 ? empty(way, words.none, words.teach) : html`<ul class="stack-tight">${sheets}</ul>
<a class="button" href="${words.root}/product">${icon('plus')}${t('Add a product')}</a>`}`;
  const bar = codes.length === 0 ? html`<a class="button button-primary" href="${words.root}/product">${icon('plus')}${t('Add a product')}</a>`
    : html`<form method="post" action="${words.root}/save"><button class="button button-primary">${icon('check')}${words.save}</button></form>`;
  return { title: words.title, back: words.root, body, bar };
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
    const draft = await draftOf(ctx, way);
    if (draft) await keep(ctx, way, { ...draft, lines: withProduct(draft.lines, ctx.form.get('product') ?? '', []) });
    return redirect(`${wordsOf(ctx, way).root}/lines`);
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function save(way) {
  return async (ctx) => {
    const words = wordsOf(ctx, way);
    const draft = await draftOf(ctx, way);
    if (!draft || draft.lines.length === 0) return redirect(`${words.root}/lines`);
    const { party, reference, date, lines } = draft;
    const body = {
      [words.party]: { [party.type]: party.name }, ...(way === 'receive' && { reference }), lines: wireLines(lines),
    };
    try {
      await append(words.kind, body, { ...datedBack(date), drafts: { [draftKey(ctx, way)]: undefined } });
    } catch (error) {
      return invalid(ctx, await linesPage(ctx, way, draft, savingFailed(ctx, error)));
    }
    await remember(ctx, party);
    return redirect(`${words.root}/saved?lines=${lines.length}`);
  };
}

/** @param {Way} way @returns {(ctx: Ctx) => Reply} */
function saved(way) {
  return (ctx) => {
    const { t, tn, fmt, query } = ctx;
    const words = wordsOf(ctx, way);
    const n = Math.max(1, Number.parseInt(query.get('lines') ?? '1', 10) || 1);
    const body = html`<div class="saved" role="status">${icon('check')}<h2>${words.saved}</h2>
<p>${tn('{n} line. It goes to the server by itself when there is a network.', '{n} lines. They go to the server by themselves when there is a network.', n, { n: fmt.number(n) })}</p>
<p><a href="/app/operations">${t('See what became of it')}</a></p></div>`;
    const bar = html`<a class="button" href="${words.root}">${words.again}</a><a class="button button-primary" href="/app">${t('To the start page')}</a>`;
    return page(ctx, { title: words.title, back: '/app', body, bar });
  };
}

for (const way of /** @type {const} */ (['receive', 'issue'])) {
  route('GET', `/app/${way}/lines`, showLines(way));
  route('POST', `/app/${way}/remove`, removeProduct(way));
  route('POST', `/app/${way}/save`, save(way));
  route('GET', `/app/${way}/saved`, saved(way));
}
