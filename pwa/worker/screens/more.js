/** /app/more: the tasks that are done less often than those of the start page. */

import { clock } from '../clock.js';
import { expiryState, localDate } from '../expiry.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { cardsView, products } from '../store.js';
import { icon } from '../sprite.js';
import { arrow, chip } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Reply } from '../types.js' */

/** @typedef {{right: string, symbol: string, url: string, name: string, detail: string, state?: Html | null}} Task */

/**
 * PURE
 *
 * @param {Pick<Ctx, 't'>} ctx
 * @returns {Task[]} in the order in which they are shown
 */
function tasks({ t }) {
  return [
    { right: 'stock.view', symbol: 'order', url: '/app/reorder', name: t('Reorder'), detail: t('What is low or out, and how much to order') },
    { right: 'stock.view', symbol: 'soon', url: '/app/expiring', name: t('Expiry dates'), detail: t('What has expired, what will, and writing it off') },
    { right: 'stock.inspect', symbol: 'eye', url: '/app/vvm', name: t('Check the VVM'), detail: t('The stage of the monitors on vaccine vials') },
    { right: 'stock.issue', symbol: 'transfer', url: '/app/transfer', name: t('Transfer'), detail: t('To another facility, with a delivery note') },
    { right: 'stock.issue', symbol: 'undo', url: '/app/return', name: t('Return to the supplier'), detail: t('Expired, damaged, recalled or too much') },
    { right: 'stock.move', symbol: 'move', url: '/app/move', name: t('Move'), detail: t('From one shelf or room to another') },
    { right: 'location.set', symbol: 'place', url: '/app/locations', name: t('Shelves and bins'), detail: t('Where stock is kept apart, and what lies there') },
    { right: 'stock.unpack', symbol: 'kit', url: '/app/unpack', name: t('Unpack a kit'), detail: t('The kit goes, what is in it comes') },
  ];
}

/** @param {Ctx} ctx @returns {Task[]} what this person may do of them */
export function moreTasks(ctx) {
  return tasks(ctx).filter(({ right }) => ctx.me.rights.includes(right));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function more(ctx) {
  const { t, tn, fmt } = ctx;
  const today = localDate(clock.now());
  const expired = (await cardsView()).filter((card) => card.on_hand > 0 && expiryState(card.expiry, today) === 'expired').length;
  const state = expired > 0 ? chip('bad', 'expired', tn('{n} lot has expired', '{n} lots have expired', expired, { n: fmt.number(expired) })) : null;
  // Where nothing has a monitor there is nothing to check.
  const vaccines = (await products()).some((row) => row.uses_vvm);
  const rows = moreTasks(ctx).filter(({ url }) => vaccines || url !== '/app/vvm').map((task) => html`<li><a class="row" href="${task.url}">${icon(task.symbol)}<span class="row-words"><span class="row-name">${task.name}</span><span class="row-detail">${task.detail}</span>${
    task.url === '/app/expiring' && state && html`<span class="row-detail">${state}</span>`}</span>${arrow()}</a></li>`);
  return page(ctx, { title: t('More tasks'), back: '/app', body: html`<nav aria-label="${t('More tasks')}"><ul class="rows">${rows}</ul></nav>` });
}

route('GET', '/app/more', more);
