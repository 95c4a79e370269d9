/** The keypad below a figure. Its keys are worked by /page/keypad.js; a tap on one does not travel to the worker. */

import { html } from '../html.js';
import { icon } from '../sprite.js';


/** @import { Html } from '../html.js' */
/** @import { Ctx } from '../types.js' */

/**
 * @param {Ctx} ctx
 * @param {{next?: string}} [options] next: what the key that goes to the next figure says; absent where there is one only
 * @returns {Html}
 */
export function keypad(ctx, { next } = {}) {
  const { t } = ctx;
  /** @param {string} digit */
  const digit = (digit) => html`<button type="button" class="key" data-key="${digit}">${digit}</button>`;
  return html`<div class="bar-keys"><div class="keypad" role="group" aria-label="${t('Keypad')}">
<output class="keypad-sum" data-keypad-sum data-words="${t('Makes {n}')}"></output>
${digit('1')}${digit('2')}${digit('3')}<button type="button" class="key key-side" data-key="back" aria-label="${t('Delete the last digit')}">${icon('backspace')}</button>
${digit('4')}${digit('5')}${digit('6')}<button type="button" class="key key-side" data-key="×" aria-label="${t('Times')}">×</button>
${digit('7')}${digit('8')}${digit('9')}<button type="button" class="key key-side" data-key="+" aria-label="${t('Plus')}">+</button>
<button type="button" class="key key-side key-words" data-key="clear">${t('Clear')}</button>${digit('0')}${digit('00')}
${next ? html`<button type="button" class="key key-side key-words" data-key="next">${next}</button>` : html`<span></span>`}
</div></div>`;
}

/**
 * A field for a figure, filled by the keypad or a keyboard. No soft keyboard comes up for it.
 *
 * @param {{id: string, name: string, value: string, label: string, error?: string | null, focus?: boolean}} field
 * @returns {Html}
 */
export function figureField({ id, name, value, label, error, focus }) {
  return html`<input class="input input-number" id="${id}" name="${name}" value="${value}" inputmode="none" autocomplete="off" maxlength="60"
 enterkeyhint="next" data-figure aria-label="${label}"${error && html` aria-invalid="true" aria-describedby="${id}-error"`}${focus && html` autofocus`}>`;
}
