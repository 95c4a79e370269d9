/** What an operation is called, and what became of it. */

import { problemWords } from './problem_words.js';

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
    'stock.move': t('Move within the facility'), 'stock.inspect': t('VVM stages'), 'location.set': t('Storage location'),
    'product.identify': t('Code of a product'), 'person.set': t('Own setting'), 'recall.answer': t('Answer to a recall'),
    'feedback.read': t('Message read'),
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
export function exceptionWords(ctx, { code }) {
  const { what, next } = problemWords(ctx, code);
  return next ? `${what} ${next}` : what;
}
