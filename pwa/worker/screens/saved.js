/** What every screen of "saved" shows: that it is on this device, how to undo it, and the paper that goes with it. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { operationOf } from '../store.js';
import { icon } from '../sprite.js';
import { WAYS } from './movement_draft.js';
import { wordsOf } from './movement_way.js';
import { hasNote } from './delivery_note.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Reply } from '../types.js' */
/** @import { Way } from './movement_draft.js' */

/**
 * @param {Ctx} ctx
 * @param {string} id of what was saved
 * @returns {Html}
 */
export function undoLink({ t }, id) {
  return html`<a class="button" href="/app/operations/${id}">${icon('undo')}${t('Undo')}</a>`;
}

/**
 * @param {Ctx} ctx
 * @param {{title: string, words: string, lines: number, again: {url: string, words: string}, id: string, back?: string}} what
 * @returns {Promise<Reply>}
 */
export async function savedPage(ctx, { title, words, lines, again, id, back = '/app' }) {
  const { t, tn, fmt } = ctx;
  const record = id === '' ? undefined : await operationOf(id);
  const body = html`<div class="saved" role="status">${icon('check')}<h2>${words}</h2>
<p>${tn('{n} line. It goes to the server by itself when there is a network.', '{n} lines. They go to the server by themselves when there is a network.', lines, { n: fmt.number(lines) })}</p></div>
${record && html`<div class="line line-centre">${hasNote(record) && html`<a class="button" href="/app/note/${id}">${icon('print')}${t('Delivery note')}</a>`}${undoLink(ctx, id)}</div>`}
<p class="centre"><a href="/app/operations">${t('See what became of it')}</a></p>`;
  const bar = html`<a class="button" href="${again.url}">${again.words}</a><a class="button button-primary" href="/app">${t('To the start page')}</a>`;
  return page(ctx, { title, back, body, bar });
}

/** @param {URLSearchParams} query @returns {{id: string, lines: number}} what a screen of "saved" is asked for */
export function askedFor(query) {
  return { id: query.get('id') ?? '', lines: Math.max(1, Number.parseInt(query.get('lines') ?? '1', 10) || 1) };
}

/** @param {Way} way @returns {(ctx: Ctx) => Promise<Reply>} */
function saved(way) {
  return async (ctx) => {
    const { root, title, saved: words, again } = wordsOf(ctx, way);
    return savedPage(ctx, { title, words, again: { url: root, words: again }, ...askedFor(ctx.query) });
  };
}

for (const way of WAYS) route('GET', `/app/${way}/saved`, saved(way));
