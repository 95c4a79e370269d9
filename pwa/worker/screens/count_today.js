/** /app/count/today: what to count today and why, to take all of it or some. */

import { clock } from '../clock.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardsView, isOpen, problems, products, touches } from '../store.js';
import { icon } from '../sprite.js';
import { chosenWay, howToCount } from './count.js';
import { LONG_DAYS, propose } from './count_proposal.js';
import { begin, forgetOld } from './count_session.js';
import { empty, notice } from './parts.js';
import { productOf } from './problem_parts.js';
import { problemWords } from './problem_words.js';

/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { Cause, Proposed } from './count_proposal.js' */

const DAY_MS = 86_400_000;

/**
 * @param {Ctx} ctx
 * @param {Cause} cause
 * @returns {string} why a product is proposed
 */
function causeWords(ctx, cause) {
  const { t, tn, fmt, lang } = ctx;
  if (cause.why === 'below') return t('The book shows less than none.');
  if (cause.why === 'problem') return problemWords(ctx, cause.code).what;
  if (cause.why === 'busy') return tn('Moved {n} time here since its last count.', 'Moved {n} times here since its last count.', cause.times, { n: fmt.number(cause.times) });
  if (cause.why === 'never') return t('Never counted.');
  if (cause.why === 'long') return tn('Not counted for {n} day.', 'Not counted for {n} days.', cause.days, { n: fmt.number(cause.days) });
  const much = cause.why === 'most' ? t('Among the largest stocks here.') : t('Among the most valuable here: {value}.', { value: money(cause, lang) });
  return cause.days === null ? much : `${much} ${tn('Counted {n} day ago.', 'Counted {n} days ago.', cause.days, { n: fmt.number(cause.days) })}`;
}

/**
 * @param {{minor: number, currency: string}} amount
 * @param {string} lang
 * @returns {string} in whole units of the currency
 */
function money({ minor, currency }, lang) {
  if (!/^[A-Z]{3}$/.test(currency)) return new Intl.NumberFormat(lang).format(minor);
  const format = new Intl.NumberFormat(lang, { style: 'currency', currency, maximumFractionDigits: 0 });
  const digits = new Intl.NumberFormat(lang, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** @returns {Promise<Proposed[]>} as things are now on this device */
async function proposals() {
  const now = clock.now();
  // From midnight, so that what was read stays of use all day.
  const since = Math.floor(now / DAY_MS) * DAY_MS - LONG_DAYS * DAY_MS;
  const [catalogue, cards, all, moved] = await Promise.all([products(), cardsView(), problems(), touches(since)]);
  const open = all.filter(isOpen).map((problem) => ({ product: productOf(problem), code: problem.row.code, at: Date.parse(problem.row.opened_at) }));
  return propose({ catalogue, cards, problems: open, touches: moved }, now);
}

/**
 * @param {Ctx} ctx
 * @param {boolean} [none] whether nothing was chosen
 * @returns {Promise<Page>}
 */
async function today(ctx, none = false) {
  const { t, tn, fmt } = ctx;
  const [list, rows] = await Promise.all([proposals(), products()]);
  const known = new Map(rows.map((row) => [row.code, row]));
  const title = t('What to count today');
  if (list.length === 0) {
    return { title, back: '/app/count', body: empty('check', t('Nothing asks for a count today'), t('No card is in doubt, and what moves or is worth much was counted not long ago.')) };
  }
  const chosen = new Set(ctx.form.getAll('product'));
  const body = html`${none && notice('bad', t('Choose at least one product.'), { urgent: true })}
<p>${tn('{n} product, and why. Leave out what you have no time for.', '{n} products, and why. Leave out what you have no time for.', list.length, { n: fmt.number(list.length) })}</p>
<form method="post" action="/app/count/today" id="today" class="stack"><div class="stack-tight">
${list.map(({ product, causes }) => html`<label class="choice"><input type="checkbox" name="product" value="${product}"${(ctx.method !== 'POST' || chosen.has(product)) && html` checked`}>
<span class="choice-words"><span class="strong">${known.get(product)?.name ?? product}</span>${causes.map((cause) => html`<span class="small soft">${causeWords(ctx, cause)}</span>`)}</span></label>`)}</div>
${howToCount(ctx)}</form>`;
  return { title, back: '/app/count', body, bar: html`<button class="button button-primary" form="today">${icon('count')}${t('Count these')}</button>` };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countToday(ctx) {
  return page(ctx, await today(ctx));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countTodayBegin(ctx) {
  const chosen = new Set(ctx.form.getAll('product'));
  // By name, as every count goes: the shelf is sorted so, too.
  const codes = (await products()).map((/** @type {Product} */ row) => row.code).filter((code) => chosen.has(code));
  if (codes.length === 0) return invalid(ctx, await today(ctx, true));
  await forgetOld();
  const session = await begin(ctx, { scope: 'chosen', name: '', products: codes, ...chosenWay(ctx) });
  return redirect(`/app/count/${session.id}`);
}

route('GET', '/app/count/today', countToday);
route('POST', '/app/count/today', countTodayBegin);
