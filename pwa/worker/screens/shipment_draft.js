/** A delivery that is expected, as it is checked: what differs from the paper, line by line, and what was not on it. */

import { changeDraft, getDraft, shipments } from '../store.js';
import { onCard, withLine } from './movement_draft.js';

/** @import { Ctx, Kind, Line, Reason, ShipmentRow } from '../types.js' */
/** @import { DraftLine } from './movement_draft.js' */

/** @typedef {ShipmentRow['lines'][number]} SentLine */

/**
 * @typedef {object} Difference
 * @property {number} came in dispensing units, damaged ones included; 0 where the line did not come
 * @property {number} damaged of them, written off as they come in
 * @property {string} difference reason code, '' where as many came as were sent, or none
 * @property {string} damage reason code, '' where nothing was damaged
 */

/**
 * @typedef {object} ShipmentDraft
 * @property {Record<string, Difference>} lines by number of the line; one that is not here came as it was sent
 * @property {DraftLine[]} extra
 * @property {number} changes counts up, so that what is saved is what was on the screen
 */

/** @type {ShipmentDraft} */
const UNCHANGED = { lines: {}, extra: [], changes: 0 };

/** @param {Ctx} ctx @param {string} id of the shipment */
export function shipmentKey({ me }, id) {
  return `shipment/${me.facility}/${me.user}/${id}`;
}

/**
 * @param {Ctx} ctx with the parameter `id`
 * @returns {Promise<{shipment: ShipmentRow, draft: ShipmentDraft} | null>} null where it is not expected any more
 */
export async function shipmentAsked(ctx) {
  const id = ctx.params.id ?? '';
  const shipment = (await shipments()).find((one) => one.id === id);
  return shipment ? { shipment, draft: (await getDraft(shipmentKey(ctx, id))) ?? UNCHANGED } : null;
}

/**
 * @param {Ctx} ctx
 * @param {string} id of the shipment
 * @param {(draft: ShipmentDraft) => ShipmentDraft} change
 */
export async function changeShipment(ctx, id, change) {
  await changeDraft(shipmentKey(ctx, id), (/** @type {ShipmentDraft | undefined} */ draft = UNCHANGED) => ({ ...change(draft), changes: draft.changes + 1 }));
}

/**
 * PURE: what is entered beside a line; a line that came as it was sent needs no entry.
 *
 * @param {ShipmentDraft} draft
 * @param {SentLine} line
 * @param {Difference} entry
 * @returns {ShipmentDraft}
 */
export function withDifference(draft, line, entry) {
  const { [line.line]: _, ...others } = draft.lines;
  const same = entry.came === line.quantity && entry.damaged === 0;
  return { ...draft, lines: same ? others : { ...others, [line.line]: entry } };
}

/**
 * PURE
 *
 * @param {ShipmentDraft} draft
 * @param {SentLine} line
 * @returns {Difference} what came of it
 */
export function cameOf(draft, line) {
  return draft.lines[line.line] ?? { came: line.quantity, damaged: 0, difference: '', damage: '' };
}

/**
 * PURE
 *
 * @param {ShipmentDraft} draft
 * @param {DraftLine} line that was not on the paper
 * @returns {ShipmentDraft}
 */
export function withExtra(draft, line) {
  return { ...draft, extra: withLine(draft.extra, line) };
}

/**
 * PURE: what is saved: the receipt and, where something came in damaged, its writing off. A line that did not come is
 * left out, so that it stays expected.
 *
 * @param {ShipmentRow} shipment with the lines that are still to come
 * @param {ShipmentDraft} draft
 * @returns {{kind: Kind, body: {lines: Line[]} & Record<string, any>}[]} none where nothing came
 */
export function operationsOf(shipment, draft) {
  const came = shipment.lines.map((line) => ({ line, card: onCard({ ...line, location: '', account: '' }), ...cameOf(draft, line) })).filter((one) => one.came > 0);
  const lines = [
    ...came.map(({ line, card, came: quantity, difference }) => ({ ...card, quantity, shipped_quantity: line.quantity, ...(quantity !== line.quantity && { difference }) })),
    ...draft.extra.map(({ quantity, ...card }) => ({ ...onCard(card), quantity, shipped_quantity: 0 })),
  ];
  if (lines.length === 0) return [];
  const broken = came.filter(({ damaged }) => damaged > 0).map(({ card, damaged, damage }) => ({ ...card, quantity: -damaged, reason: damage }));
  const receipt = { source: { facility: shipment.source }, reference: shipment.reference, shipment: shipment.id, lines };
  return [{ kind: 'stock.receive', body: receipt }, ...(broken.length > 0 ? [{ kind: /** @type {const} */ ('stock.adjust'), body: { lines: broken } }] : [])];
}

/**
 * PURE
 *
 * @param {readonly Reason[]} offered of type debit
 * @returns {Reason | undefined} the one to begin with for what came in broken
 */
export function damagedReason(offered) {
  return offered.find((reason) => reason.code === 'damaged') ?? offered.find((reason) => (reason.tags ?? []).includes('damaged')) ?? offered[0];
}
