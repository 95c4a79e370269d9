/** /app/expiring/write-off: every expired lot with stock, taken off the book in one tap; one that stays is unticked. */

import { clock } from '../clock.js';
import { expiryState, localDate } from '../expiry.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { LINES_MAX } from '../operation.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardsView, product, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { adjustment } from './adjust_product.js';
import { rowKey } from './count_entry.js';
import { expiredReason } from './expiring.js';
import { empty, expiryChip, notice } from './parts.js';
import { reasonWords } from './reason_words.js';
import { savingFailed } from './saving.js';

/** @import { CardView, Ctx, Page, Reason, Reply } from '../types.js' */

/** @returns {Promise<CardView[]>} as many as one operation can hold, first expired first */
async function expiredCards() {
  const today = localDate(clock.now());
  return (await cardsView()).filter((card) => card.on_hand > 0 && expiryState(card.expiry, today) === 'expired')
    .sort((a, b) => ((a.expiry ?? '') < (b.expiry ?? '') ? -1 : 1)).slice(0, LINES_MAX);
}

/**
 * @param {CardView} card
 * @returns {string} what was shown of it: should the book have changed since, it is asked again
 */
function shown(card) {
  return JSON.stringify([card.product, rowKey(card), card.on_hand]);
}

/**
 * @param {Ctx} ctx
 * @param {Reason} reason
 * @param {CardView[]} cards
 * @param {{ticked?: ReadonlySet<string>, fault?: string}} [state]
 * @returns {Promise<Page>}
 */
async function screen(ctx, reason, cards, { ticked, fault } = {}) {
  const { t, fmt } = ctx;
  const rows = await Promise.all(cards.map(async (card) => {
    const row = await product(card.product);
    return html`<li><label class="choice"><input type="checkbox" name="card" value="${shown(card)}"${(ticked?.has(shown(card)) ?? true) && html` checked`}>
<span class="choice-words choice-wide"><span class="strong">${row?.name ?? card.product}</span><span class="row-detail"><span>${t('Lot {number}', { number: card.lot })}</span>${expiryChip(ctx, card.expiry)}${card.location && html`<span>${card.location}</span>`}</span></span>
<span class="row-figure number">−${fmt.number(card.on_hand)}<span class="row-unit">${row?.dispensing_unit}</span></span></label></li>`;
  }));
  const body = html`${fault && notice('bad', fault, { urgent: true })}${cards.length === 0 ? empty('check', t('Nothing has expired'), t('No lot on the book is past its expiry date.'))
    : html`<p>${t('Reason: {reason}. Untick what you keep on the book.', { reason: reasonWords(ctx, reason) })}</p><form method="post" action="/app/expiring/write-off" id="off"><ul class="stack-tight">${rows}</ul></form>`}`;
  const bar = cards.length > 0 ? html`<button class="button button-primary" form="off">${icon('check')}${t('Save the write-off')}</button>` : null;
  return { title: t('Write off what expired'), back: '/app/expiring', body, bar };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function writeOff(ctx) {
  const [cards, reason] = await Promise.all([expiredCards(), reasons().then(expiredReason)]);
  return reason ? page(ctx, await screen(ctx, reason, cards)) : redirect('/app/expiring');
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function writeOffSave(ctx) {
  const { t } = ctx;
  const [cards, reason] = await Promise.all([expiredCards(), reasons().then(expiredReason)]);
  if (!reason) return redirect('/app/expiring');
  const ticked = new Set(ctx.form.getAll('card'));
  const chosen = cards.filter((card) => ticked.has(shown(card)));
  const refused = async (/** @type {string} */ fault) => invalid(ctx, await screen(ctx, reason, cards, { ticked, fault }));
  if (ticked.size === 0) return refused(t('Tick one lot at least.'));
  if (chosen.length < ticked.size) return refused(t('The book changed meanwhile. Nothing was saved: look at the figures again.'));
  try {
    const lines = chosen.map((card) => adjustment(card.product, card, reason, card.on_hand));
    const { id } = await append('stock.adjust', { lines });
    return redirect(`/app/expiring?saved=${id}`);
  } catch (error) {
    return refused(savingFailed(ctx, error));
  }
}

route('GET', '/app/expiring/write-off', writeOff);
route('POST', '/app/expiring/write-off', writeOffSave);
