/** Sends what was scanned to the worker, which knows what to do with it; what is being typed is kept before. */

import { keepAll } from './drafts.js';

/** @returns {HTMLFormElement | null} by which this screen takes scans */
function door() {
  return document.querySelector('form[data-scan]');
}

/** @returns {boolean} whether a scan leads somewhere from this screen */
export function takesScans() {
  return door() !== null;
}

/** @returns {boolean} whether a number stands on the screen that is not saved */
function halfTyped() {
  return [...document.querySelectorAll('input[data-figure]')].some((field) => field instanceof HTMLInputElement
    && field.value !== '' && (field.form?.dataset.draft !== undefined || field.value !== field.defaultValue));
}

/** @param {HTMLFormElement} form @param {string} name @param {string} value */
function set(form, name, value) {
  const field = form.elements.namedItem(name);
  if (field instanceof HTMLInputElement) field.value = value;
}

/**
 * @param {string} code as it was delivered
 * @returns {Promise<void>}
 */
export async function send(code) {
  const typed = halfTyped() ? 'yes' : '';
  await keepAll();
  const form = door();
  if (!form) return;
  set(form, 'code', code);
  set(form, 'at', window.location.pathname);
  set(form, 'typed', typed);
  form.requestSubmit();
}
