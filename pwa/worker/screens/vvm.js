/** /app/vvm: the products with a vaccine vial monitor that are on hand, and the stage each lot was seen at last. */

import { byStage, pastDiscard } from '../fefo.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { cardsView, products } from '../store.js';
import { arrow, chip, empty } from './parts.js';
import { vvmChip } from './vvm_words.js';

/** @import { CardView, Ctx, Reply } from '../types.js' */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function vvmList(ctx) {
  const { t } = ctx;
  const [catalogue, cards] = await Promise.all([products(), cardsView()]);
  const rows = catalogue.filter((row) => row.uses_vvm).map((row) => ({
    row, held: cards.filter((card) => card.product === row.code && card.on_hand > 0).sort(byStage),
  })).filter(({ held }) => held.length > 0);
  // What must be thrown away comes first, then what nobody has looked at.
  const rank = (/** @type {CardView[]} */ held) => (held.some(pastDiscard) ? 0 : held.some(({ vvm }) => !vvm) ? 1 : 2);
  rows.sort((a, b) => rank(a.held) - rank(b.held));
  const body = rows.length === 0
    ? empty('eye', t('Nothing to check'), t('Vaccines on hand whose vials have a monitor (VVM) show here, with the stage that was seen last.'))
    : html`<p class="soft">${t('Look at the square on the vial: as dark as the ring around it, or darker, and the vaccine must not be used.')}</p>
<ul class="rows">${rows.map(({ row, held }) => html`<li><a class="row" href="/app/vvm/${encodeURIComponent(row.code)}"><span class="row-words"><span class="row-name">${row.name}</span>
${held.map((card) => html`<span class="row-detail"><span>${card.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: card.lot })}</span>${vvmChip(ctx, card.vvm) ?? chip('idle', 'eye', t('Not looked at yet'))}</span>`)}</span>${arrow()}</a></li>`)}</ul>`;
  return page(ctx, { title: t('Check the VVM'), back: '/app/more', body });
}

route('GET', '/app/vvm', vvmList);
