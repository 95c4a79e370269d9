/** What /app/receive begins with where deliveries are expected: they, and the way to what was not announced. */

import { html } from '../html.js';
import { facilities, shipments } from '../store.js';
import { icon } from '../sprite.js';
import { draftOf } from './movement_draft.js';
import { partyName } from './movement_way.js';
import { arrow, chip } from './parts.js';

/** @import { Ctx, Page } from '../types.js' */

/**
 * @param {Ctx} ctx
 * @returns {Promise<Page | null>} null where nothing is expected
 */
export async function expectedPage(ctx) {
  const { t, tn, fmt } = ctx;
  const [expected, all, draft] = await Promise.all([shipments(), facilities(), draftOf(ctx, 'receive')]);
  if (expected.length === 0) return null;
  const rows = expected.map(({ id, source, reference, issued_at, lines }) => html`<li><a class="row" href="/app/receive/shipment/${encodeURIComponent(id)}">${icon('transfer')}<span class="row-words">
<span class="row-name">${all.find((row) => row.code === source)?.name ?? source}</span>
<span class="row-detail"><span>${t('Sent {date}', { date: fmt.date(Date.parse(issued_at)) })}</span>${reference && html`<span class="code">${reference}</span>`}<span>${
  tn('{n} line', '{n} lines', lines.length, { n: fmt.number(lines.length) })}</span></span></span>${arrow()}</a></li>`);
  const body = html`<section class="stack-tight"><h2>${t('Expected')}</h2><p class="soft">${t('Check what came against what was sent.')}</p><ul class="rows">${rows}</ul></section>
<section class="stack-tight"><h2>${t('Something else came')}</h2>${draft && draft.lines.length > 0 && html`<ul class="rows"><li><a class="row" href="/app/receive/lines">${icon('receive')}<span class="row-words"><span class="row-name">${
  t('From {name}', { name: await partyName(draft.party) })}</span><span class="row-detail">${chip('warn', 'edit', t('One is not saved yet'))}</span></span>${arrow()}</a></li></ul>`}
<a class="button button-block" href="/app/receive?other=1">${icon('plus')}${t('From a supplier, a donor or a facility')}</a></section>`;
  return { title: t('Receive'), back: '/app', body };
}
