/** /app/stock: find a product, see its stock. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { icon } from '../sprite.js';
import { productRows, searchBox } from './product_search.js';

/** @import { Ctx, Reply } from '../types.js' */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function stock(ctx) {
  const text = (ctx.query.get('q') ?? '').trim();
  const body = html`${searchBox(ctx, { address: '/app/stock', text })}
${await productRows(ctx, { text, standing: true, door: (code) => `/app/stock/${encodeURIComponent(code)}` })}`;
  return page(ctx, { title: ctx.t('Stock'), back: '/app', body, bar: html`<a class="button" href="/app/reorder">${icon('order')}${ctx.t('What to order')}</a>` });
}

route('GET', '/app/stock', stock);
