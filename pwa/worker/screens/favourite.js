/** A product at the top of every list: the button on its card, and what it does. */

import { html } from '../html.js';
import { redirect } from '../layout.js';
import { route } from '../router.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { favourites, toggleFavourite } from './used.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Reply } from '../types.js' */

/**
 * @param {Ctx} ctx
 * @param {string} code of the product
 * @returns {Promise<Html>}
 */
export async function favouriteButton(ctx, code) {
  const is = (await favourites(ctx)).includes(code);
  return html`<form method="post" action="/app/stock/${encodeURIComponent(code)}/favourite"><button class="button" aria-pressed="${String(is)}">${icon('star', is ? 'icon-full' : '')}${
    is ? ctx.t('At the top of my lists') : ctx.t('Put at the top of my lists')}</button></form>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function favourite(ctx) {
  const code = ctx.params.product ?? '';
  if (await product(code)) await toggleFavourite(ctx, code);
  return redirect(`/app/stock/${encodeURIComponent(code)}`);
}

route('POST', '/app/stock/:product/favourite', favourite);
