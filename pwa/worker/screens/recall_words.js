/** Recalls on screens: finding the one of an address, its lots as they stand, and the row that leads to it. */

import { html } from '../html.js';
import { lotsOfRecall, stateOfRecall } from '../recall.js';
import { cardsView, product, recalls } from '../store.js';
import { icon } from '../sprite.js';
import { arrow, chip } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Recall } from '../types.js' */
/** @import { RecallLot } from '../recall.js' */

/** @typedef {{recall: Recall, name: string, lots: RecallLot[], state: ReturnType<typeof stateOfRecall>}} Standing */

/** @returns {Promise<Standing[]>} the open recalls, what may still be given out first */
export async function standingRecalls() {
  const [all, cards] = await Promise.all([recalls(), cardsView()]);
  const found = await Promise.all(all.map(async (recall) => {
    const lots = lotsOfRecall(recall, cards.filter((card) => card.product === recall.product));
    return { recall, lots, name: (await product(recall.product))?.name ?? recall.product, state: stateOfRecall(lots) };
  }));
  const rank = { urgent: 0, unanswered: 1, done: 2 };
  return found.sort((a, b) => rank[a.state] - rank[b.state]);
}

/** @param {Ctx} ctx @returns {Promise<Standing | undefined>} the one of the address */
export async function recallAsked({ params }) {
  return (await standingRecalls()).find(({ recall }) => recall.id === params.id);
}

/**
 * @param {Pick<Ctx, 't'>} ctx
 * @param {string} lot
 */
export function lotName({ t }, lot) {
  return lot === '' ? t('Without a lot number') : t('Lot {number}', { number: lot });
}

/**
 * @param {Ctx} ctx
 * @param {Standing} standing
 * @returns {Html}
 */
export function recallRow(ctx, { recall, name, lots, state }) {
  const { t, fmt } = ctx;
  const n = lots.reduce((sum, lot) => sum + lot.on_shelf, 0);
  const mark = state === 'urgent' ? chip('bad', 'alert', t('{n} on hand: take it off the shelf', { n: fmt.number(n) }))
    : state === 'unanswered' ? chip('warn', 'search', t('Look for it and answer')) : chip('good', 'check', t('Answered'));
  return html`<li><a class="row" href="/app/recalls/${recall.id}">${icon('undo')}<span class="row-words"><span class="row-name">${t('Recall: {product}', { product: name })}</span>
<span class="row-detail"><span>${recall.lots.length === 0 ? t('All lots') : recall.lots.map((lot) => lotName(ctx, lot)).join(', ')}</span></span><span class="row-detail">${mark}</span></span>${arrow()}</a></li>`;
}
