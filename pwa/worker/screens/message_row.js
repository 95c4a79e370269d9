/** One message from the office as a row of a list. */

import { html } from '../html.js';
import { product } from '../store.js';
import { icon } from '../sprite.js';
import { arrow, chip } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Feedback } from '../types.js' */

/** So much of a message is shown in a list. */
const BEGINNING = 120;

/**
 * @param {Ctx} ctx
 * @param {Feedback} message
 * @returns {Promise<Html>}
 */
export async function messageRow({ t, fmt }, { id, text, author, at, about, read_at }) {
  const name = about && ((await product(about))?.name ?? about);
  return html`<li><a class="row" href="/app/messages/${id}">${icon('message')}<span class="row-words"><span class="row-name">${text.length > BEGINNING ? `${text.slice(0, BEGINNING)}…` : text}</span>
<span class="row-detail">${name && html`<span>${name}</span>`}<span>${author}, ${fmt.dateTime(Date.parse(at))}</span>${read_at === null && chip('warn', 'alert', t('Not read yet'))}</span></span>${arrow()}</a></li>`;
}
