/** /app/receive/shipment/:id: a delivery against what was sent: all of it in one tap, or line by line. */

import { clock } from '../clock.js';
import { dateFault, localDate } from '../expiry.js';
import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { appendAll } from '../outbox.js';
import { route } from '../router.js';
import { facilities, product } from '../store.js';
import { icon } from '../sprite.js';
import { datedBack } from './movement_draft.js';
import { chip, dateWords, expiryChip, notice, textField } from './parts.js';
import { savingFailed } from './saving.js';
import { cameOf, changeShipment, operationsOf, shipmentAsked, shipmentKey } from './shipment_draft.js';
import { used } from './used.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Reply, ShipmentRow } from '../types.js' */
/** @import { SentLine, ShipmentDraft } from './shipment_draft.js' */

/**
 * @param {Ctx} ctx
 * @param {string} root
 * @param {ShipmentDraft} draft
 * @param {SentLine} line
 * @returns {Promise<Html>}
 */
async function lineRow(ctx, root, draft, line) {
  const { t, fmt } = ctx;
  const row = await product(line.product);
  const { came, damaged } = cameOf(draft, line);
  const short = came - line.quantity;
  const sent = html`<span>${t('Sent: {n}', { n: fmt.number(line.quantity) })}</span>`;
  const state = came === 0 ? chip('warn', 'alert', t('Did not come'))
    : html`${short < 0 && chip('warn', 'minus', t('{n} short', { n: fmt.number(-short) }))}${short > 0 && chip('warn', 'plus', t('{n} too many', { n: fmt.number(short) }))}${
      damaged > 0 && chip('bad', 'alert', t('{n} damaged', { n: fmt.number(damaged) }))}`;
  return html`<li><a class="row" href="${root}/line/${line.line}"><span class="row-words"><span class="row-name">${row?.name ?? line.product}</span>
<span class="row-detail">${line.lot === '' ? html`<span>${t('Without a lot number')}</span>` : html`<span>${t('Lot {number}', { number: line.lot })}</span>${expiryChip(ctx, line.expiry)}`}</span>
<span class="row-detail">${sent}${state}</span></span>
<span class="row-figure number">${fmt.number(came)}<span class="row-unit">${row?.dispensing_unit}</span></span><span class="row-change">${icon('edit')}<span class="hidden-words">${t('Change')}</span></span></a></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {ShipmentRow} shipment
 * @param {ShipmentDraft} draft
 * @param {{date?: string, fault?: string | null, failure?: string}} [wrong]
 * @returns {Promise<Page>}
 */
async function shipmentPage(ctx, shipment, draft, { date, fault, failure } = {}) {
  const { t, fmt } = ctx;
  const root = `/app/receive/shipment/${encodeURIComponent(shipment.id)}`;
  const today = localDate(clock.now());
  const source = (await facilities()).find((row) => row.code === shipment.source)?.name ?? shipment.source;
  const missing = shipment.lines.filter((line) => cameOf(draft, line).came === 0).length;
  const changed = Object.keys(draft.lines).length > 0 || draft.extra.length > 0;
  const extra = await Promise.all(draft.extra.map(async (line, i) => html`<li class="row"><span class="row-words"><span class="row-name">${(await product(line.product))?.name ?? line.product}</span>
<span class="row-detail">${line.lot !== '' && html`<span>${t('Lot {number}', { number: line.lot })}</span>`}${chip('info', 'plus', t('Not on the paper'))}</span></span><span class="row-figure number">${fmt.number(line.quantity)}</span>
<form method="post" action="${root}/remove"><button class="button" name="extra" value="${i}" aria-label="${t('Remove {name}', { name: line.product })}">${icon('remove')}</button></form></li>`));
  const body = html`${failure && notice('bad', failure, { urgent: true })}
<p><span class="strong">${t('From {name}', { name: source })}</span><br><span class="soft small">${t('Sent {date}', { date: fmt.date(Date.parse(shipment.issued_at)) })}${shipment.reference && ` · ${shipment.reference}`}</span></p>
<p>${t('Is it all there? Tap a line that is not as it was sent.')}</p>
<ul class="rows">${await Promise.all(shipment.lines.map((line) => lineRow(ctx, root, draft, line)))}${extra}</ul>
<a class="button" href="${root}/product">${icon('plus')}${t('Something that is not on the paper')}</a>
${missing > 0 && notice('info', ctx.tn('{n} line did not come. It stays expected.', '{n} lines did not come. They stay expected.', missing, { n: fmt.number(missing) }))}
<form method="post" action="${root}" id="save" novalidate><input type="hidden" name="changes" value="${draft.changes}">
${textField({ id: 'date', type: 'date', label: t('Day on which it came'), value: date ?? today, max: today, error: fault, length: 10 })}</form>`;
  return {
    title: t('Receive'), back: '/app/receive', body,
    bar: html`<button class="button button-primary" form="save">${icon('check')}${changed ? t('Save the receipt') : t('All came as sent: save')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Reply} */
export function shipmentGone(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Receive'), back: '/app/receive', body: html`<p>${ctx.t('This delivery is not expected any more: it was received, or its sender took it back.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function showShipment(ctx) {
  const asked = await shipmentAsked(ctx);
  return asked ? page(ctx, await shipmentPage(ctx, asked.shipment, asked.draft)) : shipmentGone(ctx);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function saveShipment(ctx) {
  const { t, form } = ctx;
  const asked = await shipmentAsked(ctx);
  if (!asked) return shipmentGone(ctx);
  const { shipment, draft } = asked;
  const date = form.get('date') ?? localDate(clock.now());
  const refused = async (/** @type {{fault?: string, failure?: string}} */ wrong) => invalid(ctx, await shipmentPage(ctx, shipment, draft, { date, ...wrong }));
  const fault = dateFault(date, localDate(clock.now()));
  if (fault) return refused({ fault: dateWords(ctx, fault) });
  const operations = operationsOf(shipment, draft);
  const [receipt] = operations;
  if (!receipt) return refused({ failure: t('Nothing came, so there is nothing to save. The delivery stays expected.') });
  const key = shipmentKey(ctx, shipment.id);
  const shown = form.get('changes') ?? String(draft.changes);
  let saved;
  try {
    saved = await appendAll(operations, { ...datedBack(date), drafts: { [key]: undefined }, only: { key, is: (now) => String(now?.changes ?? 0) === shown } });
  } catch (error) {
    return refused({ failure: savingFailed(ctx, error) });
  }
  await used(ctx, 'receive', receipt.body.lines.map((line) => line.product));
  return redirect(`/app/receive/saved?id=${saved[0]?.id}&lines=${receipt.body.lines.length}`);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function removeExtra(ctx) {
  const at = Number(ctx.form.get('extra'));
  await changeShipment(ctx, ctx.params.id ?? '', (draft) => ({ ...draft, extra: draft.extra.filter((_, i) => i !== at) }));
  return redirect(`/app/receive/shipment/${encodeURIComponent(ctx.params.id ?? '')}`);
}

route('GET', '/app/receive/shipment/:id', showShipment);
route('POST', '/app/receive/shipment/:id', saveShipment);
route('POST', '/app/receive/shipment/:id/remove', removeExtra);
