/** /app/move: stock that goes from one shelf, bin or room of the facility to another: which product. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { icon } from '../sprite.js';
import { productRows, searchBox } from './product_search.js';

/** @import { Ctx, Reply } from '../types.js' */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function move(ctx) {
  const text = (ctx.query.get('q') ?? '').trim();
  const body = html`<p class="soft">${ctx.t('From one shelf or room of this facility to another. What leaves for a ward is an issue.')}</p>
${searchBox(ctx, { address: '/app/move', text })}
<p><a class="button" href="/app/locations">${icon('place')}${ctx.t('Shelves and bins')}</a></p>
${await productRows(ctx, { text, door: (code) => `/app/move/${encodeURIComponent(code)}`, stocked: true, task: 'move' })}`;
  return page(ctx, { title: ctx.t('Move'), back: '/app', body });
}

route('GET', '/app/move', move);
