/** A scanner that types: its burst of keys is told from a person's typing by its speed, whatever has the focus. */

import { GS, PAUSE_MS, character, isScan } from './burst.js';
import { send, takesScans } from './scan.js';

/** Scanners that send no Enter begin with the kind of symbol. */
const SYMBOLOGY = /^\][A-Za-z][0-9A-Za-z]./;

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/**
 * @typedef {object} Burst
 * @property {string} text
 * @property {number} first ms
 * @property {number} last ms
 * @property {Field | null} field that had the focus, and so has the keys in it
 * @property {string} before what stood in it
 */

/** @returns {Field | null} */
function focused() {
  const active = document.activeElement;
  const takesKeys = active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement || active instanceof HTMLSelectElement;
  return takesKeys ? active : null;
}

/** @type {Burst | null} */
let burst = null;
/** A character given by its number on the number pad while Alt is held: Alt+029 is GS. */
let number = '';
/** @type {ReturnType<typeof setTimeout> | undefined} */
let ending;

/** @param {string} key @param {number} at ms */
function take(key, at) {
  clearTimeout(ending);
  if (!burst || at - burst.last > PAUSE_MS) {
    const field = focused();
    burst = { text: '', first: at, last: at, field, before: field?.value ?? '' };
  }
  burst.text += key;
  burst.last = at;
  if (SYMBOLOGY.test(burst.text)) ending = setTimeout(finish, 2 * PAUSE_MS);
}

/** Give the field back what stood in it, and send what the scanner typed. */
function finish() {
  clearTimeout(ending);
  const done = burst;
  burst = null;
  if (!done || !isScan(done)) return;
  const { field, before } = done;
  if (field?.isConnected && field.value !== before) {
    field.value = before;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  void send(done.text);
}

/** @param {KeyboardEvent} event */
function down(event) {
  if (event.isComposing || !takesScans()) return;
  // A key that is held repeats as fast as a scanner types.
  if (event.repeat) {
    burst = null;
    return;
  }
  if (event.altKey && /^Numpad\d$/.test(event.code)) {
    number += event.code.slice(-1);
    return;
  }
  if (event.key === 'Enter' || event.key === 'Tab') {
    if (!burst || event.timeStamp - burst.last > PAUSE_MS || !isScan(burst)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    finish();
    return;
  }
  const key = character(event);
  if (key === '') return;
  // What the browser would do with it (Ctrl+], F8) is not meant.
  if (key === GS) event.preventDefault();
  take(key, event.timeStamp);
}

/** @param {KeyboardEvent} event */
function up(event) {
  if (event.key !== 'Alt' || number === '') return;
  if (Number(number) === GS.charCodeAt(0)) take(GS, event.timeStamp);
  number = '';
}

addEventListener('keydown', down, { capture: true });
addEventListener('keyup', up, { capture: true });
