/** The pieces screens are made of: icons, chips, notices, fields, empty places, and the words of what is wrong. */

import { clock } from '../clock.js';
import { expiryState, localDate } from '../expiry.js';
import { html } from '../html.js';
import { icon } from '../sprite.js';

/** @import { Html, Fragment } from '../html.js' */
/** @import { Ctx } from '../types.js' */

/** @typedef {'good' | 'warn' | 'bad' | 'info' | 'idle'} Tone */

/** An arrow at the end of a row that leads somewhere. */
export function arrow() {
  return icon('forward', 'icon-turn');
}

/**
 * @param {Tone} tone
 * @param {string} symbol
 * @param {Fragment} words
 * @returns {Html}
 */
export function chip(tone, symbol, words) {
  return html`<span class="chip chip-${tone}">${icon(symbol)}<span>${words}</span></span>`;
}

/**
 * @param {Ctx} ctx
 * @param {string | null} expiry
 * @returns {Html | null} the expiry as a date, and as a word and a colour where it matters
 */
export function expiryChip(ctx, expiry) {
  const state = expiryState(expiry, localDate(clock.now()));
  if (state === 'none' || expiry === null) return html`<span class="soft">${ctx.t('No expiry date')}</span>`;
  const date = ctx.fmt.date(expiry);
  if (state === 'expired') return chip('bad', 'expired', ctx.t('Expired {date}', { date }));
  if (state === 'soon') return chip('warn', 'soon', ctx.t('Expires soon: {date}', { date }));
  return html`<span>${ctx.t('Expires {date}', { date })}</span>`;
}

/**
 * @param {Tone} tone
 * @param {Fragment} words
 * @param {{urgent?: boolean}} [options] urgent: read out at once by a screen reader
 * @returns {Html}
 */
export function notice(tone, words, { urgent = false } = {}) {
  const symbol = { good: 'check', warn: 'alert', bad: 'alert', info: 'info', idle: 'info' }[tone];
  return html`<div class="notice notice-${tone}" role="${urgent ? 'alert' : 'note'}">${icon(symbol)}<div>${words}</div></div>`;
}

/**
 * A question before a form is saved, with the one button that says yes. A form that is sent by the Enter key takes
 * the first button there is, so one that says nothing stands before it.
 *
 * @param {string} form its id
 * @param {Fragment} words
 * @param {{name: string, value: string, words: string}} yes the button
 * @returns {Html} goes above the form, which has the class `keys-later` meanwhile
 */
export function question(form, words, yes) {
  return html`<button class="hidden-words" form="${form}" tabindex="-1" aria-hidden="true"></button>
${notice('warn', html`<p>${words}</p><p><button class="button" form="${form}" name="${yes.name}" value="${yes.value}" autofocus>${yes.words}</button></p>`, { urgent: true })}`;
}

/**
 * @param {string} symbol
 * @param {string} heading
 * @param {Fragment} teaching what this is and what to do first
 * @returns {Html}
 */
export function empty(symbol, heading, teaching) {
  return html`<div class="empty">${icon(symbol)}<h2>${heading}</h2><div>${teaching}</div></div>`;
}

/**
 * @param {string} id of the field it belongs to
 * @param {string | null | undefined} words
 * @returns {Html | null}
 */
export function fieldError(id, words) {
  return words ? html`<p class="field-error" id="${id}-error">${icon('alert')}<span>${words}</span></p>` : null;
}

/**
 * A labelled text field with its hint and its error.
 *
 * @param {{id: string, label: string, value?: string, hint?: string, error?: string | null, type?: string,
 *   mode?: string, max?: string, list?: string, length?: number, focus?: boolean}} field
 * @returns {Html}
 */
export function textField({ id, label, value = '', hint, error, type = 'text', mode, max, list, length = 80, focus }) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return html`<div class="field">
<label class="field-label" for="${id}">${label}</label>
<input class="input" id="${id}" name="${id}" type="${type}" value="${value}" maxlength="${length}" autocomplete="off"${
  mode ? html` inputmode="${mode}"` : null}${max ? html` max="${max}"` : null}${list ? html` list="${list}"` : null}${
  described ? html` aria-describedby="${described}"` : null}${error ? html` aria-invalid="true"` : null}${
  focus || error ? html` autofocus` : null}>
${hint ? html`<p class="field-hint" id="${id}-hint">${hint}</p>` : null}${fieldError(id, error)}
</div>`;
}

/**
 * @param {Ctx} ctx
 * @param {'empty' | 'number' | 'negative' | 'zero' | 'large'} error
 * @returns {string} what to do about it
 */
export function quantityWords(ctx, error) {
  return {
    empty: ctx.t('Enter a number.'),
    number: ctx.t('Whole numbers only, such as 240 or 3×100+20.'),
    negative: ctx.t('A number cannot be below 0. If there is none, enter 0.'),
    zero: ctx.t('Enter 1 or more.'),
    large: ctx.t('This number is too large. Check it.'),
  }[error];
}

/**
 * @param {Ctx} ctx
 * @param {'form' | 'impossible' | 'far'} error
 * @returns {string}
 */
export function expiryWords(ctx, error) {
  return {
    form: ctx.t('Enter the expiry as month and year, such as 04/27, or as a day, such as 15/04/2027.'),
    impossible: ctx.t('There is no such date. Check the label.'),
    far: ctx.t('This expiry is too far away to be right. Check the year.'),
  }[error];
}

/**
 * @param {Ctx} ctx
 * @param {'empty' | 'form' | 'future' | 'old'} fault
 * @returns {string}
 */
export function dateWords(ctx, fault) {
  return {
    empty: ctx.t('Enter the day on which it happened.'),
    form: ctx.t('Enter a day, such as 2026-11-22.'),
    future: ctx.t('This day has not come yet. Enter today or an earlier day.'),
    old: ctx.t('This day is too long ago. Check the year.'),
  }[fault];
}
