/** Choosing a PIN: its two fields and what is wrong with them; and the pad that one is entered on. */

import { html } from '../html.js';
import { pinFault } from '../people.js';
import { icon } from '../sprite.js';
import { fieldError } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx } from '../types.js' */

/** @typedef {{pin?: string | null, again?: string | null}} PinErrors */

/**
 * @param {{id: string, label: string, hint?: string, error?: string | null, focus?: boolean}} field
 * @returns {Html} for digits that nobody looking on should read
 */
export function pinField({ id, label, hint, error, focus }) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return html`<div class="field"><label class="field-label" for="${id}">${label}</label>
<input class="input" id="${id}" name="${id}" type="password" inputmode="numeric" autocomplete="off" maxlength="8"${
  described ? html` aria-describedby="${described}"` : null}${error ? html` aria-invalid="true"` : null}${focus || error ? html` autofocus` : null}>
${hint ? html`<p class="field-hint" id="${id}-hint">${hint}</p>` : null}${fieldError(id, error)}</div>`;
}

/**
 * @param {Ctx} ctx
 * @param {PinErrors} [errors]
 * @param {{focus?: boolean}} [options]
 */
export function newPinFields({ t }, errors = {}, { focus = false } = {}) {
  return html`${pinField({ id: 'pin', label: t('New PIN'), hint: t('4 to 8 digits, yours alone. You enter it each time this device was locked.'), error: errors.pin, focus })}
${pinField({ id: 'again', label: t('The same PIN again'), error: errors.again })}`;
}

/**
 * @param {Ctx} ctx
 * @returns {PinErrors | null} null for a PIN that will do
 */
export function newPinErrors({ t, form }) {
  const [pin, again] = [form.get('pin') ?? '', form.get('again') ?? ''];
  const fault = pinFault(pin);
  if (fault === 'form') return { pin: t('A PIN has 4 to 8 digits.') };
  if (fault === 'easy') return { pin: t('This PIN is too easy to guess. Choose another one.') };
  return pin === again ? null : { again: t('The two PINs differ. Enter both again.') };
}

/**
 * @param {Ctx} ctx
 * @returns {Html} keys worked by /page/pin.js: 56 px and more
 */
export function pinPad({ t }) {
  /** @param {string} digit */
  const digit = (digit) => html`<button type="button" class="key" data-digit="${digit}">${digit}</button>`;
  return html`<div class="pin-pad" role="group" aria-label="${t('Keypad')}">
${['1', '2', '3', '4', '5', '6', '7', '8', '9'].map(digit)}
<button type="button" class="key key-side" data-digit="back" aria-label="${t('Delete the last digit')}">${icon('backspace')}</button>${digit('0')}
<button class="key key-go" aria-label="${t('Unlock')}">${icon('forward', 'icon-turn')}</button></div>`;
}
