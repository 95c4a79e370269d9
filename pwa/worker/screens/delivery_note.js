/** /app/note/:id: the delivery note that goes with a transfer, an issue to a facility or a return, to print on A4. */

import { effectsOf } from '../facts.js';
import { html } from '../html.js';
import { notice as standIn, page } from '../layout.js';
import { route } from '../router.js';
import { facilities, operationOf, product } from '../store.js';
import { icon } from '../sprite.js';

/** @import { Ctx, OutboxRecord, Reply } from '../types.js' */

/**
 * PURE
 *
 * @param {Pick<OutboxRecord, 'kind' | 'text'>} record
 * @returns {boolean} whether the goods leave the house
 */
export function hasNote({ kind, text }) {
  if (kind !== 'stock.issue') return false;
  const { destination } = JSON.parse(text).body;
  return Boolean(destination.facility ?? destination.supplier);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function deliveryNote(ctx) {
  const { t, fmt, me } = ctx;
  const record = await operationOf(ctx.params.id ?? '');
  if (!record || !hasNote(record)) {
    return standIn(ctx, 404, { title: t('Delivery note'), body: html`<p>${t('There is no delivery note for this, or it was recorded on another device.')}</p>` });
  }
  const { facility, body } = JSON.parse(record.text);
  const all = await facilities();
  const named = (/** @type {string} */ code) => all.find((row) => row.code === code)?.name ?? code;
  const to = body.destination.facility === undefined ? body.destination.supplier : `${named(body.destination.facility)} (${body.destination.facility})`;
  const lines = await Promise.all(effectsOf(record.kind, body).map(async (line) => ({ ...line, row: await product(line.product) })));
  const back = body.purpose === 'return';
  const screen = html`<article class="note sheet stack"><header class="note-head"><h2>${back ? t('Return note') : t('Delivery note')}</h2><p class="code strong">${body.reference || record.id}</p></header>
<dl class="note-facts"><div><dt>${t('From')}</dt><dd>${named(facility)} (${facility})</dd></div><div><dt>${t('To')}</dt><dd>${to}</dd></div>
<div><dt>${t('Day')}</dt><dd>${fmt.date(record.occurred_at)}</dd></div><div><dt>${t('Prepared by')}</dt><dd>${record.author === me.user ? me.name : record.author}</dd></div></dl>
<div class="table-frame" tabindex="0" role="region" aria-label="${t('Lines')}"><table class="table"><thead><tr><th scope="col">${t('Product')}</th><th scope="col">${t('Lot')}</th><th scope="col">${t('Expiry')}</th><th scope="col" class="number">${t('Sent')}</th><th scope="col" class="note-write">${t('Received')}</th></tr></thead>
<tbody>${lines.map(({ product: code, lot, expiry, quantity, row }) => html`<tr><td>${row?.name ?? code} <span class="code">${code}</span></td><td class="code">${lot}</td><td>${expiry && fmt.date(expiry)}</td><td class="number">${fmt.number(Math.abs(quantity))} ${row?.dispensing_unit}</td><td class="note-write"></td></tr>`)}</tbody></table></div>
<div class="note-signs"><p>${t('Sent by (name, signature, date)')}</p><p>${t('Carried by (name, signature, date)')}</p><p>${t('Received by (name, signature, date)')}</p></div>
<p class="small soft code">${record.id}</p></article>`;
  const bar = html`<button type="button" class="button button-primary" data-print>${icon('print')}${t('Print')}</button>`;
  return page(ctx, { title: back ? t('Return note') : t('Delivery note'), back: `/app/operations/${record.id}`, body: screen, bar });
}

route('GET', '/app/note/:id', deliveryNote);
