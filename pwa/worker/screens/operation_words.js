/** What an operation is called, what became of it, and what each exception means and asks for. */

/** @import { AnswerException, Ctx, OutboxRecord } from '../types.js' */
/** @import { Tone } from './parts.js' */

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord['kind']} kind
 * @returns {string}
 */
export function kindWords({ t }, kind) {
  return {
    'stock.receive': t('Receipt'), 'stock.issue': t('Issue'), 'stock.dispense': t('Dispensing'),
    'stock.adjust': t('Adjustment'), 'stock.count': t('Count'), 'stock.unpack': t('Unpacking'),
    'stock.reverse': t('Undoing'), 'device.gap': t('Lost delivery number'), 'exception.resolve': t('Decision'),
  }[kind] ?? kind;
}

/**
 * @param {Ctx} ctx
 * @param {Pick<OutboxRecord, 'state' | 'outcome'>} record
 * @param {boolean} standing whether something about it still asks for a look
 * @returns {{tone: Tone, symbol: string, words: string}}
 */
export function fateOf({ t }, { state, outcome }, standing) {
  if (state === 'waiting') return { tone: 'info', symbol: 'waiting', words: t('Saved here, waits to be sent') };
  if (state === 'set_aside') return { tone: 'bad', symbol: 'alert', words: t('Too large to send; kept here') };
  if (outcome === 'held') {
    return standing ? { tone: 'bad', symbol: 'held', words: t('Held until a person decides') }
      : { tone: 'idle', symbol: 'held', words: t('Held, and decided on') };
  }
  if (standing) return { tone: 'warn', symbol: 'alert', words: t('In the ledger, needs a look') };
  return { tone: 'good', symbol: 'sent', words: t('In the ledger') };
}

/**
 * @param {Ctx} ctx
 * @param {AnswerException} exception
 * @returns {string} what is wrong and what to do, in words for the person who recorded it
 */
export function exceptionWords({ t }, { code }) {
  /** @type {Record<string, string>} */
  const words = {
    negative_stock: t('More left the shelf than the card had. Count this product.'),
    count_overlap: t('Stock moved while it was counted. A person may say which came first.'),
    variance_changed: t('Something that came in later changed what this count found.'),
    count_backdated: t('This count is dated well before it was sent.'),
    late_for_period: t('Its month was already reported, so it is in the next report.'),
    clock_skew: t('The clock of this device is wrong. Set the date and time.'),
    seq_reused: t('This device seems to be a copy of another. Sign in again.'),
    id_reused: t('The server has another operation under the same number. A person must compare them.'),
    inactive: t('The product or facility is no longer in use.'),
    reason_type: t('The reason does not go with the sign of the quantity.'),
    already_reversed: t('This was undone before.'),
    lot_expiry: t('This lot is known with another expiry date. Check the label.'),
    unmatched_receipt: t('No shipment is known for this receipt.'),
    reversed_receipt: t('The issue behind this receipt was undone.'),
    already_received: t('This shipment was received before.'),
    invalid: t('The server could not read this. A person must decide.'),
    unknown_product: t('The server does not know this product.'),
    unknown_facility: t('The server does not know this facility.'),
    unknown_operation: t('The operation that this refers to is not known.'),
    unknown_reason: t('The server does not know this reason.'),
    not_permitted: t('You had no right to record this. Ask your manager.'),
    author_disabled: t('This account was closed when it was recorded.'),
    device_gap: t('Operations of this device were lost.'),
  };
  return words[code] ?? t('The server says: {code}', { code });
}
