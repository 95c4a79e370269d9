/** A long list of problems made shorter: only one's own, or only those of one product. */

import { html } from '../html.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { productOf } from './problem_parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Problem } from '../types.js' */

/** A list of so many is seen at a glance. */
const SHORT = 5;

/**
 * PURE
 *
 * @param {Problem} problem
 * @param {string} user
 * @returns {boolean} whether they recorded what it is about, or were asked to look
 */
export function isOwn({ row, operation, other }, user) {
  return row.assigned_to === user || [operation?.author, other?.author, row.detail.author].includes(user);
}

/**
 * @param {Ctx} ctx
 * @param {Problem[]} open all of them
 * @returns {{shown: Problem[], narrowed: boolean}} those that are asked for
 */
export function narrow({ me, query }, open) {
  const [mine, code] = [query.get('show') === 'mine', query.get('product') ?? ''];
  const shown = open.filter((problem) => (!mine || isOwn(problem, me.user)) && (code === '' || productOf(problem) === code));
  return { shown, narrowed: mine || code !== '' };
}

/**
 * @param {Ctx} ctx
 * @param {Problem[]} open all of them
 * @param {boolean} narrowed
 * @returns {Promise<Html | null>} what to choose from; nothing where the list is short
 */
export async function filters({ t, query }, open, narrowed) {
  if (open.length <= SHORT && !narrowed) return null;
  const [mine, chosen] = [query.get('show') === 'mine', query.get('product') ?? ''];
  const codes = [...new Set(open.map(productOf))].filter(Boolean);
  const named = await Promise.all(codes.map(async (code) => ({ code, name: (await product(code))?.name ?? code })));
  const url = (/** @type {string} */ show) => `/app/problems?${new URLSearchParams({ ...(show && { show }), ...(chosen && { product: chosen }) })}`;
  return html`<nav class="segments" aria-label="${t('Whose?')}"><a class="segment" href="${url('')}"${!mine && html` aria-current="page"`}>${t('All')}</a><a class="segment" href="${url('mine')}"${mine && html` aria-current="page"`}>${t('Mine')}</a></nav>
${named.length > 1 && html`<form action="/app/problems" method="get" class="with-button">${mine && html`<input type="hidden" name="show" value="mine">`}<label class="hidden-words" for="product">${t('Product')}</label>
<select class="input" id="product" name="product"><option value="">${t('Every product')}</option>${named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ code, name }) => html`<option value="${code}"${code === chosen && html` selected`}>${name}</option>`)}</select><button class="button">${icon('search')}${t('Show')}</button></form>`}`;
}
