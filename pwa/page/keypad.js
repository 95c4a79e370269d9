/** The keypad's keys, worked in the page: a tap does not travel to the worker, only a finished entry does. */

import { QUANTITY_MAX, parseQuantity } from './quantity.js';

/** @type {HTMLInputElement | null} the figure that keys go to, kept while a key has the focus */
let current = null;

/** @returns {HTMLInputElement[]} */
function figures() {
  return [...document.querySelectorAll('input[data-figure]')].filter((field) => field instanceof HTMLInputElement);
}

/** @returns {HTMLInputElement | null} where the next key goes: the last one touched, else the first without a figure */
function target() {
  if (current?.isConnected) return current;
  const all = figures();
  current = all.find((field) => field.value === '') ?? all[0] ?? null;
  return current;
}

/**
 * PURE
 *
 * @param {string} text what stands in the field
 * @param {string} key a digit, "00", "+", "×", "back" or "clear"
 * @returns {string} what stands there after the key
 */
export function pressed(text, key) {
  if (key === 'clear') return '';
  if (key === 'back') return text.slice(0, -1);
  const last = text.slice(-1);
  if (key === '+' || key === '×') {
    if (text === '') return '';
    return /[+×]/.test(last) ? text.slice(0, -1) + key : text + key;
  }
  const term = /[^+×]*$/.exec(text)?.[0] ?? '';
  if (term === '0') return key === '00' ? text : text.slice(0, -1) + key;
  if (term === '' && key === '00') return `${text}0`;
  return term.length + key.length > String(QUANTITY_MAX).length ? text : text + key;
}

/** @param {HTMLInputElement} field */
function tellSum(field) {
  const output = document.querySelector('[data-keypad-sum]');
  if (!(output instanceof HTMLElement)) return;
  const read = parseQuantity(field.value);
  const number = read.ok && read.worked ? new Intl.NumberFormat(document.documentElement.lang).format(read.value) : '';
  output.textContent = number === '' ? '' : (output.dataset.words ?? '{n}').replace('{n}', number);
}

/**
 * @param {HTMLInputElement} field
 * @returns {boolean} whether there was another one
 */
function goNext(field) {
  const all = figures();
  const next = all[all.indexOf(field) + 1];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return next !== undefined;
}

/** Submit as the primary button would, so that the worker knows which was meant. */
function save() {
  const button = document.querySelector('[data-keypad-save]');
  if (button instanceof HTMLButtonElement) button.form?.requestSubmit(button);
}

/** @param {string} key */
function press(key) {
  const field = target();
  if (!field) return;
  if (document.activeElement !== field) field.focus();
  if (key === 'next') {
    if (!goNext(field)) figures()[0]?.focus();
    return;
  }
  field.value = pressed(field.value, key);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

if (typeof document !== 'undefined') {
  document.addEventListener('focusin', ({ target: field }) => {
    if (!(field instanceof HTMLInputElement) || field.dataset.figure === undefined) return;
    current = field;
    tellSum(field);
    // The keys may just have come, and may cover it.
    requestAnimationFrame(() => field.scrollIntoView({ block: 'nearest' }));
  });
  document.addEventListener('input', ({ target: field }) => {
    if (field instanceof HTMLInputElement && field.dataset.figure !== undefined) tellSum(field);
  });
  // A key must not take the focus away from its figure.
  document.addEventListener('pointerdown', (event) => {
    if (event.target instanceof Element && event.target.closest('[data-key]')) event.preventDefault();
  });
  document.addEventListener('click', (event) => {
    const key = event.target instanceof Element ? event.target.closest('[data-key]') : null;
    if (key instanceof HTMLElement && key.dataset.key) press(key.dataset.key);
  });
  document.addEventListener('keydown', (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.dataset.figure === undefined) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      if (!goNext(field)) save();
    } else if (event.key === '*' || event.key === 'x') {
      event.preventDefault();
      press('×');
    }
  });
}
