/** /app/recalls/:id/record: what was found of a recall and what became of it, with a witness, to print on A4 and sign. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { noSuchRecall } from './recall_one.js';
import { recallAsked } from './recall_words.js';

/** @import { Ctx, Reply } from '../types.js' */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function recallRecord(ctx) {
  const { t, fmt, me } = ctx;
  const standing = await recallAsked(ctx);
  if (!standing) return noSuchRecall(ctx);
  const { recall, name, lots } = standing;
  const unit = (await product(recall.product))?.dispensing_unit ?? '';
  const said = lots.flatMap(({ answer }) => answer ?? []);
  const body = html`<article class="note sheet stack"><header class="note-head"><h2>${t('Record of a recall')}</h2><p class="code strong">${recall.id}</p></header>
<dl class="note-facts"><div><dt>${t('Facility')}</dt><dd>${me.facilityName} (${me.facility})</dd></div><div><dt>${t('Product')}</dt><dd>${name} (${recall.product})</dd></div>
<div><dt>${t('Called back')}</dt><dd>${fmt.date(Date.parse(recall.opened_at))}</dd></div><div><dt>${t('Why')}</dt><dd>${recall.reason}</dd></div></dl>
<div class="table-frame" tabindex="0" role="region" aria-label="${t('Lots')}"><table class="table"><thead><tr><th scope="col">${t('Lot')}</th>${[t('Found'), t('Quarantine'), t('Returned'), t('Destroyed')].map((words) => html`<th scope="col" class="number">${words}</th>`)}<th scope="col">${t('Witness')}</th><th scope="col">${t('Recorded by')}</th></tr></thead>
<tbody>${said.map((one) => html`<tr><td class="code">${one.lot}</td>${[one.found, one.quarantined, one.returned, one.destroyed].map((n) => html`<td class="number">${fmt.number(n)}</td>`)}<td>${one.witness}</td><td>${one.author}, ${fmt.dateTime(one.at)}${one.note && html`<br>${one.note}`}</td></tr>`)}</tbody></table></div>
<p class="small soft">${t('Quantities in: {unit}', { unit })}</p>
<div class="note-signs"><p>${t('Done by (name, signature, date)')}</p><p>${t('Witness (name, signature, date)')}</p></div></article>`;
  return page(ctx, { title: t('Record of a recall'), back: `/app/recalls/${recall.id}`, body, bar: html`<button type="button" class="button button-primary" data-print>${icon('print')}${t('Print')}</button>` });
}

route('GET', '/app/recalls/:id/record', recallRecord);
