/** Choosing a product for a receipt, an issue, a transfer or a return: a search that answers while one types. */

import { html } from '../html.js';
import { page, redirect } from '../layout.js';
import { route } from '../router.js';
import { draftOf, WAYS } from './movement_draft.js';
import { wordsOf } from './movement_way.js';
import { productRows, searchBox } from './product_search.js';

/** @import { Ctx, Reply } from '../types.js' */
/** @import { Way } from './movement_draft.js' */

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function choose(way) {
  return async (ctx) => {
    const { root } = wordsOf(ctx, way);
    const draft = await draftOf(ctx, way);
    if (!draft) return redirect(root);
    const text = (ctx.query.get('q') ?? '').trim();
    const body = html`${searchBox(ctx, { address: `${root}/product`, text, focus: true })}
${await productRows(ctx, { text, door: (code) => `${root}/product/${encodeURIComponent(code)}`, stocked: way !== 'receive', task: way })}`;
    return page(ctx, { title: ctx.t('Choose a product'), back: `${root}/lines`, body });
  };
}

for (const way of WAYS) route('GET', `/app/${way}/product`, choose(way));
