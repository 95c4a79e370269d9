/** What each exception means and asks for, in words for the people of the facility; managers have words of their own. */

/** @import { Ctx } from '../types.js' */

/** @typedef {{what: string, next: string}} ProblemWords what is wrong, and what to do about it */

/**
 * @param {Ctx} ctx
 * @param {string} code of PROTOCOL.md
 * @returns {ProblemWords}
 */
export function problemWords(ctx, code) {
  return known(ctx)[code] ?? { what: ctx.t('The server says: {code}', { code }), next: '' };
}

/**
 * @param {Ctx} ctx
 * @returns {Record<string, ProblemWords>} of every code there is
 */
export function known({ t }) {
  return {
    negative_stock: { what: t('More left the shelf than the card had.'), next: t('Count this product: a count puts it right.') },
    count_overlap: { what: t('Stock moved while it was counted.'), next: t('Was it before or after the count? Say so if you know.') },
    variance_changed: { what: t('Something that came in later changed what this count found.'), next: t('Look whether the new difference is explained. Somebody else than who counted decides.') },
    count_backdated: { what: t('This count is dated well before it was sent.'), next: t('It counts from the time it is dated. If that is wrong, count again.') },
    late_for_period: { what: t('Its month was already reported, so it is in the next report.'), next: t('Nothing is lost, and nothing has to be done here.') },
    clock_skew: { what: t('The clock of this device is wrong.'), next: t('Set the date and time. What was recorded got the right time as far as can be known.') },
    seq_reused: { what: t('This device seems to be a copy of another.'), next: t('Sign in again on both.') },
    id_reused: { what: t('The server has another operation under the same number.'), next: t('Compare the two; let this one in if it happened too.') },
    inactive: { what: t('The product or facility is no longer in use.'), next: t('It is in the ledger. Ask your manager what should become of the stock.') },
    reason_type: { what: t('The reason does not go with the sign of the quantity.'), next: t('It counts as its sign says. If that is wrong, undo it and record it anew.') },
    already_reversed: { what: t('This was undone before.'), next: t('The first undoing stands, and nothing has to be done.') },
    not_reversible: { what: t('This cannot be undone, so nothing changed.'), next: t('If something else was meant, undo that.') },
    decision_void: { what: t('This decision came too late to do anything.'), next: t('Look at the problem itself again, if it still stands.') },
    lot_expiry: { what: t('Two expiry dates are known for this lot.'), next: t('Read the label and choose the right date. Until then the earlier one is used.') },
    unmatched_receipt: { what: t('No shipment is known for this receipt.'), next: t('The goods are in the book. Ask the sender to record the issue.') },
    reversed_receipt: { what: t('The issue behind this receipt was undone.'), next: t('If nothing came, undo the receipt. If it came, tell the sender.') },
    already_received: { what: t('This shipment was received before.'), next: t('It counts once. Did the goods really arrive twice?') },
    invalid: { what: t('The server could not read this.'), next: t('Record it anew if it happened, and keep this one out.') },
    unknown_product: { what: t('The server does not know this product.'), next: t('Ask your manager to add it; then let this in.') },
    unknown_facility: { what: t('The server does not know this facility.'), next: t('Ask your manager to add it; then let this in.') },
    unknown_operation: { what: t('The server does not know this kind of operation yet.'), next: t('It is kept, and enters by itself when the server is newer.') },
    unknown_reason: { what: t('The server does not know this reason.'), next: t('Ask your manager to add it; then let this in.') },
    not_permitted: { what: t('Who recorded this had no right to record it.'), next: t('It is kept. Ask your manager to let it in if it happened.') },
    author_disabled: { what: t('This account was closed when it was recorded.'), next: t('It is kept. Ask who did it, and let it in if it happened.') },
    device_gap: { what: t('Operations of this device were lost.'), next: t('Count what this device was used for.') },
  };
}

/**
 * What a person may decide, the plainest first; the same as `options` of sync/decisions.py.
 *
 * @param {string} code
 * @returns {string[]}
 */
export function actions(code) {
  if (code === 'invalid') return ['refuse'];
  if (HELD.has(code)) return ['release', 'refuse'];
  return ['accept', .../** @type {Record<string, string[]>} */ ({ count_overlap: ['move'], already_received: ['count_in'], lot_expiry: ['expiry'] })[code] ?? []];
}

/** What keeps an operation out of the ledger until a person decides. */
export const HELD = new Set([
  'id_reused', 'invalid', 'unknown_product', 'unknown_facility', 'unknown_operation', 'unknown_reason', 'not_permitted', 'author_disabled',
]);

/**
 * @param {Ctx} ctx
 * @param {string} code
 * @param {string} action
 * @returns {string} the words of its button
 */
export function actionWords({ t }, code, action) {
  const accept = { count_overlap: t('It is right as it is'), already_received: t('No, it arrived once') }[code] ?? t('Seen: leave it as it is');
  return {
    accept, release: t('It happened: let it in'), refuse: t('Keep it out'), move: t('It was on the other side of the count'),
    count_in: t('Yes, it arrived twice'), expiry: t('Use this date'),
  }[action] ?? action;
}

/**
 * @param {Ctx} ctx
 * @param {string} action
 * @returns {string} what was decided
 */
export function decidedWords({ t }, action) {
  return {
    accept: t('Seen, and left as it is'), release: t('Let in'), refuse: t('Kept out'), move: t('Moved to the other side of the count'),
    count_in: t('It counts too'), expiry: t('The date was chosen'),
  }[action] ?? action;
}
