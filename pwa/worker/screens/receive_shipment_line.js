/** /app/receive/shipment/:id/line/:line: what came of one line: short, too many, damaged, not at all; and why. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { parseQuantity } from '../../page/quantity.js';
import { route } from '../router.js';
import { getDraft, product, putDraft, deleteDraft, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { absurdity } from './absurd.js';
import { figureField, keypad } from './keypad.js';
import { expiryChip, fieldError, quantityWords, question } from './parts.js';
import { offered, reasonWords } from './reason_words.js';
import { shipmentGone } from './receive_shipment.js';
import { cameOf, changeShipment, damagedReason, shipmentAsked, shipmentKey, withDifference } from './shipment_draft.js';

/** @import { Ctx, Page, Reason, Reply, ShipmentRow } from '../types.js' */
/** @import { SentLine } from './shipment_draft.js' */

/** @typedef {{came: string, damaged: string, difference: string, damage: string}} Fields as they were typed */
/** @typedef {{came?: string | null, damaged?: string | null, difference?: string | null, damage?: string | null, warn?: string | null}} Errors */

/** @param {Ctx} ctx */
function halfTypedKey(ctx) {
  return `${shipmentKey(ctx, ctx.params.id ?? '')}/line/${ctx.params.line}`;
}

/** @param {URLSearchParams} form @returns {Fields} */
function fieldsOf(form) {
  return { came: form.get('came') ?? '', damaged: form.get('damaged') ?? '', difference: form.get('difference') ?? '', damage: form.get('damage') ?? '' };
}

/**
 * @param {Ctx} ctx
 * @param {{id: string, label: string, chosen: string, error?: string | null}} field
 * @param {[string, Reason[]][]} groups by what they are for; of one alone the words are left out
 */
function reasonSelect(ctx, { id, label, chosen, error }, groups) {
  const options = (/** @type {Reason[]} */ list) => list.map((reason) => html`<option value="${reason.code}"${reason.code === chosen && html` selected`}>${reasonWords(ctx, reason)}</option>`);
  return html`<div class="field"><label class="field-label" for="${id}">${label}</label>
<select class="input" id="${id}" name="${id}"${error && html` aria-invalid="true" aria-describedby="${id}-error"`}><option value="">${ctx.t('Choose a reason')}</option>
${groups.map(([words, list]) => (groups.length === 1 ? options(list) : html`<optgroup label="${words}">${options(list)}</optgroup>`))}</select>${fieldError(id, error)}</div>`;
}

/**
 * @param {Ctx} ctx
 * @param {ShipmentRow} shipment
 * @param {SentLine} line
 * @param {Fields} fields
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
async function linePage(ctx, shipment, line, fields, errors = {}) {
  const { t, fmt } = ctx;
  const root = `/app/receive/shipment/${encodeURIComponent(shipment.id)}`;
  const here = `${root}/line/${line.line}`;
  const [row, all] = await Promise.all([product(line.product), reasons()]);
  const [debit, credit] = [offered(all, 'debit'), offered(all, 'credit')];
  const wrong = errors.came || errors.damaged;
  const body = html`<p class="row-detail"><span class="code">${line.product}</span>${line.lot !== '' && html`<span>${t('Lot {number}', { number: line.lot })}</span>${expiryChip(ctx, line.expiry)}`}<span class="strong">${t('Sent: {n}', { n: fmt.number(line.quantity) })} ${row?.dispensing_unit}</span></p>
${errors.warn && question('line', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: take it') })}
<form method="post" action="${here}" id="line" class="stack${errors.warn ? ' keys-later' : ''}" data-draft="${here}/draft" novalidate><button class="hidden-words" tabindex="-1" aria-hidden="true"></button>
<div class="figure-pair"><div class="field"><label class="field-label" for="came">${t('How many came?')}</label>
${figureField({ id: 'came', name: 'came', value: fields.came, label: t('How many came?'), error: errors.came, focus: !wrong && !errors.warn })}${fieldError('came', errors.came)}</div>
<div class="field"><label class="field-label" for="damaged">${t('Of them damaged')}</label>
${figureField({ id: 'damaged', name: 'damaged', value: fields.damaged, label: t('Of them damaged'), error: errors.damaged })}${fieldError('damaged', errors.damaged)}</div></div>
${reasonSelect(ctx, { id: 'difference', label: t('Why not as many as were sent?'), chosen: fields.difference, error: errors.difference }, [[t('Fewer came'), debit], [t('More came'), credit]])}
${reasonSelect(ctx, { id: 'damage', label: t('Why are damaged ones written off?'), chosen: fields.damage, error: errors.damage }, [['', debit]])}
<button class="button" name="none" value="yes">${icon('close')}${t('This line did not come')}</button></form>`;
  return {
    title: row?.name ?? line.product, back: root, body,
    bar: html`${keypad(ctx, { next: t('Next') })}<button class="button button-primary" form="line" data-keypad-save>${icon('check')}${t('Take this line')}</button>`,
  };
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<{shipment: ShipmentRow, line: SentLine, fields: Fields} | null>}
 */
async function asked(ctx) {
  const found = await shipmentAsked(ctx);
  const line = found?.shipment.lines.find((one) => String(one.line) === ctx.params.line);
  if (!found || !line) return null;
  const { came, damaged, difference, damage } = cameOf(found.draft, line);
  const usual = damagedReason(offered(await reasons(), 'debit'))?.code ?? '';
  return {
    shipment: found.shipment, line,
    fields: (await getDraft(halfTypedKey(ctx))) ?? { came: String(came), damaged: damaged === 0 ? '' : String(damaged), difference, damage: damage || usual },
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function showShipmentLine(ctx) {
  const found = await asked(ctx);
  return found ? page(ctx, await linePage(ctx, found.shipment, found.line, found.fields)) : shipmentGone(ctx);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function shipmentLineDraft(ctx) {
  await putDraft(halfTypedKey(ctx), fieldsOf(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function takeShipmentLine(ctx) {
  const { t, form } = ctx;
  const found = await asked(ctx);
  if (!found) return shipmentGone(ctx);
  const { shipment, line } = found;
  const fields = fieldsOf(form);
  const none = form.get('none') === 'yes';
  const came = parseQuantity(none ? '0' : fields.came);
  const damaged = parseQuantity(none || fields.damaged.trim() === '' ? '0' : fields.damaged);
  const all = await reasons();
  const less = came.ok && came.value < line.quantity;
  const differs = came.ok && came.value !== line.quantity && came.value > 0;
  const known = (/** @type {Reason['type']} */ type, /** @type {string} */ code) => offered(all, type).some((reason) => reason.code === code);
  /** @type {Errors} */
  const errors = {
    came: came.ok ? null : quantityWords(ctx, came.error),
    damaged: !damaged.ok ? quantityWords(ctx, damaged.error) : came.ok && damaged.value > came.value ? t('No more can be damaged than came.') : null,
    difference: differs && !known(less ? 'debit' : 'credit', fields.difference) ? (less ? t('Choose why fewer came.') : t('Choose why more came.')) : null,
    damage: damaged.ok && damaged.value > 0 && !known('debit', fields.damage) ? t('Choose the reason.') : null,
  };
  if (Object.values(errors).some(Boolean) || !came.ok || !damaged.ok) return invalid(ctx, await linePage(ctx, shipment, line, fields, errors));
  const warn = form.get('sure') === 'yes' ? null : await absurdity(ctx, line.product, came.value, [line.quantity]);
  if (warn) return invalid(ctx, await linePage(ctx, shipment, line, fields, { warn }));
  await changeShipment(ctx, shipment.id, (draft) => withDifference(draft, line, {
    came: came.value, damaged: damaged.value, difference: differs ? fields.difference : '', damage: damaged.value > 0 ? fields.damage : '',
  }));
  await deleteDraft(halfTypedKey(ctx));
  return redirect(`/app/receive/shipment/${encodeURIComponent(shipment.id)}`);
}

route('GET', '/app/receive/shipment/:id/line/:line', showShipmentLine);
route('POST', '/app/receive/shipment/:id/line/:line', takeShipmentLine);
route('POST', '/app/receive/shipment/:id/line/:line/draft', shipmentLineDraft);
