/** /app/count/:session/item/:product/why: a product that is far off the book, before it is saved: what the counter knows of the reasons. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardView, getDraft, product, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { parseQuantity } from '../../page/quantity.js';
import { itemDifference } from './count_differences.js';
import { checkEntry } from './count_entry.js';
import { asOfNow, settled } from './count_pair.js';
import { asksWhy, onward, saveItem } from './count_save.js';
import { within } from './count_scope.js';
import { entryKey, inSession, sessionOf } from './count_session.js';
import { noSuchCount } from './count_words.js';
import { fieldError, notice, quantityWords } from './parts.js';
import { offered, reasonWords } from './reason_words.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Product, Reason, Reply } from '../types.js' */
/** @import { CountedLine, Session } from './count_session.js' */

/** So many reasons may share one lot's difference; more are a matter for an adjustment. */
const REASONS_MAX = 2;

/** @typedef {{session: Session, row: Product, lines: CountedLine[]}} Asked */
/** @typedef {{reason: string, quantity: string}} Given as it was chosen and typed */

/**
 * @param {CountedLine} line
 * @returns {number} counted minus book
 */
function difference({ counted, book }) {
  return counted - (book ?? 0);
}

/**
 * PURE: the reasons of one lot as they go over the wire.
 *
 * @param {number} n the difference, not 0
 * @param {readonly Given[]} given
 * @returns {{reasons: {reason: string, quantity: number}[], faults: ('reason' | 'number' | 'much' | null)[]}} faults: one for each given
 */
export function explained(n, given) {
  let left = Math.abs(n);
  /** @type {{reason: string, quantity: number}[]} */
  const found = [];
  const faults = given.map(({ reason, quantity }, i) => {
    if (reason === '') return i > 0 && quantity.trim() !== '' ? /** @type {const} */ ('reason') : null;
    const read = parseQuantity(quantity, { least: 1 });
    if (!read.ok) return /** @type {const} */ ('number');
    if (read.value > left) return /** @type {const} */ ('much');
    left -= read.value;
    found.push({ reason, quantity: n < 0 ? -read.value : read.value });
    return null;
  });
  return { reasons: found, faults };
}

/**
 * @param {URLSearchParams} form with `reason` and `quantity`, REASONS_MAX of each a lot that differs
 * @param {number} at which of these lots
 * @returns {Given[]}
 */
function givenIn(form, at) {
  const [chosen, typed] = [form.getAll('reason'), form.getAll('quantity')];
  return Array.from({ length: REASONS_MAX }, (_, i) => ({ reason: chosen[at * REASONS_MAX + i] ?? '', quantity: typed[at * REASONS_MAX + i] ?? '' }));
}

/**
 * @param {Ctx} ctx
 * @param {CountedLine} line that differs
 * @param {number} at
 * @param {readonly Reason[]} all
 * @returns {Html}
 */
function lineFields(ctx, line, at, all) {
  const { t, fmt, form } = ctx;
  const n = difference(line);
  const given = ctx.method === 'POST' ? givenIn(form, at) : [{ reason: '', quantity: String(Math.abs(n)) }, { reason: '', quantity: '' }];
  const { faults } = explained(n, given);
  const told = { book: fmt.number(line.book ?? 0), counted: fmt.number(line.counted) };
  return html`<fieldset class="sheet stack-tight"><legend class="hidden-words">${line.lot || t('Without a lot number')}</legend>
<p class="line-apart"><span class="strong"><bdi>${line.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: line.lot })}</bdi></span>
<span class="difference difference-${n < 0 ? 'short' : 'over'}">${n < 0 ? t('{n} short', { n: fmt.number(-n) }) : t('{n} over', { n: fmt.number(n) })}</span></p>
<p class="soft small">${t('Book {book}, counted {counted}', told)}</p>
${given.map(({ reason, quantity }, i) => {
    const id = `${at}-${i}`;
    const fault = ctx.method === 'POST' ? faults[i] : null;
    const words = fault === 'reason' ? t('Choose the reason.') : fault === 'much' ? t('This is more than the difference.') : fault ? quantityWords(ctx, 'zero') : null;
    return html`<div class="why"><div class="field"><label class="field-label" for="reason-${id}">${i === 0 ? t('Why?') : t('And why else?')}</label>
<select class="input" id="reason-${id}" name="reason"${words && html` aria-describedby="why-${id}-error"`}><option value="">${i === 0 ? t('Choose') : t('None')}</option>
${offered(all, n < 0 ? 'debit' : 'credit').map((one) => html`<option value="${one.code}"${one.code === reason && html` selected`}>${reasonWords(ctx, one)}</option>`)}</select></div>
<div class="field"><label class="field-label" for="quantity-${id}">${t('How many?')}</label>
<input class="input" id="quantity-${id}" name="quantity" value="${quantity}" inputmode="numeric" autocomplete="off" maxlength="20"${words && html` aria-invalid="true" aria-describedby="why-${id}-error"`}></div>
${fieldError(`why-${id}`, words)}</div>`;
  })}</fieldset>`;
}

/**
 * @param {Ctx} ctx
 * @param {Asked} asked
 * @param {{none?: boolean, failure?: string}} [wrong]
 * @returns {Promise<Page>}
 */
async function whyPage(ctx, { session, row, lines }, { none, failure } = {}) {
  const { t, fmt } = ctx;
  const here = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
  const all = await reasons();
  const { book, counted, difference: n } = itemDifference(row.code, { lines });
  const told = { n: fmt.number(Math.abs(n)), book: fmt.number(book), counted: fmt.number(counted) };
  const body = html`${failure && notice('bad', failure, { urgent: true })}${none && notice('bad', t('Choose a reason, or save without one.'), { urgent: true })}
<p>${n < 0 ? t('You counted {counted}. That is {n} less than the book.', told) : t('You counted {counted}. That is {n} more than the book.', told)}</p>
${session.two ? html`<form method="post" action="${here}/decide"><button class="button" name="right" value="neither">${icon('count')}${t('Count it anew')}</button></form>`
    : html`<p><a class="button" href="${here}">${icon('count')}${t('Count it again')}</a></p>`}
<form method="post" action="${here}/why" id="why" class="stack" novalidate>
${lines.filter((line) => difference(line) !== 0).map((line, i) => lineFields(ctx, line, i, all))}</form>`;
  return {
    title: row.name, back: session.two ? `/app/count/${session.id}` : here, body,
    bar: html`<button class="button" form="why" name="go" value="unknown">${t('Save without a reason')}</button>
<button class="button button-primary" form="why" name="go" value="save">${icon('check')}${t('Save with the reason')}</button>`,
  };
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Asked | Reply>}
 */
async function asked(ctx) {
  const session = await sessionOf(ctx);
  const row = await product(ctx.params.product ?? '');
  if (!session || !row) return noSuchCount(ctx);
  if (session.finished_at !== null) return redirect(`/app/count/${session.id}/summary`);
  const cards = within(session, await cardView(row.code));
  const agreed = settled(session.pairs[row.code]);
  if (agreed) return { session, row, lines: asOfNow(agreed, cards) };
  const { faults, unseen, lines } = checkEntry((await getDraft(entryKey(session, row.code, ctx.me.user)))?.rows ?? [], cards, false);
  // Nothing entered, or not all of it, or the book says the same by now: the figures come first.
  const ready = !session.two && faults.size === 0 && unseen.length === 0 && (await asksWhy(session, row.code, lines));
  return ready ? { session, row, lines } : redirect(`/app/count/${session.id}/item/${encodeURIComponent(row.code)}`);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countWhy(ctx) {
  const state = await asked(ctx);
  return 'status' in state ? state : page(ctx, await whyPage(ctx, state));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countWhySave(ctx) {
  return inSession(ctx, async () => {
    const state = await asked(ctx);
    if ('status' in state) return state;
    const { session, row, lines } = state;
    let wrong = false;
    let at = 0;
    const known = new Set((await reasons()).map(({ code }) => code));
    const told = lines.map((line) => {
      if (ctx.form.get('go') === 'unknown' || difference(line) === 0) return line;
      const { reasons: found, faults } = explained(difference(line), givenIn(ctx.form, at));
      at += 1;
      wrong ||= faults.some((fault) => fault !== null) || found.some(({ reason }) => !known.has(reason));
      return { ...line, reasons: found };
    });
    const none = ctx.form.get('go') !== 'unknown' && told.every((line) => !line.reasons?.length);
    if (wrong || none) return invalid(ctx, await whyPage(ctx, state, { none: none && !wrong }));
    try {
      return redirect(onward(ctx, await saveItem(ctx, session, row.code, told), row.code));
    } catch (error) {
      return invalid(ctx, await whyPage(ctx, state, { failure: savingFailed(ctx, error) }));
    }
  });
}

route('GET', '/app/count/:session/item/:product/why', countWhy);
route('POST', '/app/count/:session/item/:product/why', countWhySave);
