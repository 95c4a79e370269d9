/** /app/adjust: stock that changed outside receipt, issue and dispensing: which product. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { productRows, searchBox } from './product_search.js';

/** @import { Ctx, Reply } from '../types.js' */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function adjust(ctx) {
  const text = (ctx.query.get('q') ?? '').trim();
  const body = html`<p class="soft">${ctx.t('For what expired, broke, was lost or found. What you only counted differently belongs in a count.')}</p>
${searchBox(ctx, { address: '/app/adjust', text })}
${await productRows(ctx, { text, door: (code) => `/app/adjust/${encodeURIComponent(code)}`, stocked: true, task: 'adjust' })}`;
  return page(ctx, { title: ctx.t('Adjust'), back: '/app', body });
}

route('GET', '/app/adjust', adjust);
