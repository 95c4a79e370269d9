/** The icons, as symbols inside each whole document: drawn from a file they would blink at every change of screen. */

import { Html, html } from './html.js';
import { file } from './precache.js';

/** The names of icons are words that forms use too, so they stand apart in a document. */
const PREFIX = 'icon-';

/** @type {Html | null} */
let drawn = null;

/** Read the sprite, once; without it screens are whole but for their icons. */
export async function loadSymbols() {
  if (drawn) return;
  const response = await file('/icons/sprite.svg').catch(() => null);
  if (!response?.ok) return;
  const text = await response.text();
  // Our own file, and nothing that anyone typed.
  drawn = new Html(text.replaceAll('symbol id="', `symbol id="${PREFIX}`).replace('<svg ', '<svg hidden ').replace(/>\s+</g, '><'));
}

/** @returns {Html} what a whole document holds once, for `icon` to refer to */
export function symbols() {
  return drawn ?? html``;
}

/**
 * @param {string} name a symbol of /icons/sprite.svg
 * @param {string} [more] further classes
 * @returns {Html} drawn beside words that say the same
 */
export function icon(name, more = '') {
  return html`<svg class="icon${more && ` ${more}`}" aria-hidden="true"><use href="#${PREFIX}${name}"></use></svg>`;
}
