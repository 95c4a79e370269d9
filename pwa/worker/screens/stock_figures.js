/** What the figures of a product say: each in a row of its own, and how it comes about when one taps it. */

import { html } from '../html.js';
import { isEmergency, monthsOfStockTenths, quantityToOrder, stockStatus } from '../resupply.js';
import { icon } from '../sprite.js';
import { chip } from './parts.js';

/** @import { Fragment, Html } from '../html.js' */
/** @import { Ctx, Level, Product } from '../types.js' */

/**
 * @param {Ctx} ctx
 * @param {number} onHand units
 * @param {Level | undefined} level
 * @returns {Html | null} where it stands by the policy; null where nothing is known to say it by
 */
export function statusChip(ctx, onHand, level) {
  return warningChip(ctx, onHand, level) ?? (stockStatus(onHand, level) === 'according_to_plan' ? chip('good', 'check', ctx.t('To plan')) : null);
}

/**
 * @param {Ctx} ctx
 * @param {number} onHand units
 * @param {Level | undefined} level
 * @returns {Html | null} that it is not where the policy wants it, in lists of many; null where it is, or nothing is known
 */
export function warningChip({ t }, onHand, level) {
  if (isEmergency(onHand, level)) return chip('bad', 'alert', onHand <= 0 ? t('Out of stock: order now') : t('Very low: order now'));
  switch (stockStatus(onHand, level)) {
    case 'stocked_out': return chip('bad', 'alert', t('Out of stock'));
    case 'understocked': return chip('warn', 'minus', t('Low'));
    case 'overstocked': return chip('info', 'plus', t('More than needed'));
    default: return null;
  }
}

/**
 * @param {Fragment} words
 * @param {Fragment} figure
 * @param {readonly Fragment[]} why a paragraph each
 * @returns {Html}
 */
function figureRow(words, figure, why) {
  return html`<li><details class="why-figure"><summary class="row"><span class="row-words"><span class="row-name">${words}</span></span><span class="row-figure number">${figure}</span>${icon('down', 'why-mark')}</summary>
<div class="why-words stack-tight">${why.map((one) => html`<p>${one}</p>`)}</div></details></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Product} row
 * @param {number} onHand units
 * @param {Level | undefined} level
 * @returns {Html}
 */
export function stockFigures(ctx, row, onHand, level) {
  const { t, tn, fmt } = ctx;
  const heading = html`<h2>${t('What it means')}</h2>`;
  if (!level || level.amc === null) {
    return html`<section class="stack-tight">${heading}<p class="soft">${t('How much of it is used in a month is not known here yet. It is worked out when a month is over and sent at the next sync.')}</p></section>`;
  }
  const { amc, minimum, maximum, order_point: point } = level;
  const tenths = monthsOfStockTenths(onHand, amc);
  const month = fmt.month(level.as_of);
  const rows = [
    figureRow(t('Used in a month'), fmt.number(amc), [
      tn('What was dispensed and issued in {n} month up to {month}.', 'What was dispensed and issued in the last {n} reported months up to {month}, on average.', level.months_reported, { n: fmt.number(level.months_reported), month }),
      t('Days without stock are made up for, so that a month of want does not look like a month of little need.')]),
    figureRow(t('Months of stock'), fmt.tenths(tenths), [amc === 0 ? t('Nobody used it in these months: what is there would last for ever, shown as 99.9.')
      : t('{onHand} on hand ÷ {amc} used in a month. So long it lasts if as much is used.', { onHand: fmt.number(onHand), amc: fmt.number(amc) })]),
  ];
  if (minimum !== null && maximum !== null) {
    const [least, most] = [level.minimum_months, level.maximum_months].map((months) => fmt.number((months ?? 0) / 100));
    rows.push(figureRow(t('Should be between'), `${fmt.number(minimum)} – ${fmt.number(maximum)}`, [
      t('For a place like this {least} to {most} months of stock are planned: {amc} used in a month × {least} and × {most}.', { least: least ?? '', most: most ?? '', amc: fmt.number(amc) }),
      point !== null && t('Below {point} order at once, whatever the day.', { point: fmt.number(point) })]));
    const pack = Math.max(1, row.pack_size ?? 1);
    const order = quantityToOrder(maximum, onHand, pack);
    rows.push(figureRow(t('To order'), fmt.number(order), [order === 0 ? t('{onHand} on hand is as much as the most that should be there, {maximum}, or more.', { onHand: fmt.number(onHand), maximum: fmt.number(maximum) })
      : t('{maximum} at most − {onHand} on hand.', { maximum: fmt.number(maximum), onHand: fmt.number(onHand) }),
    order > 0 && pack > 1 && t('Rounded up to whole packs of {n}.', { n: fmt.number(pack) })]));
  } else {
    rows.push(figureRow(t('Should be between'), '?', [t('No plan says how many months of stock a place like this should have.')]));
  }
  return html`<section class="stack-tight">${heading}<ul class="rows">${rows}</ul><p class="soft small">${t('Tap a figure to see where it comes from.')}</p></section>`;
}
