/** /app/scan: the camera, a code typed by hand, and what became of a scan: on to its product, or why not and what to do. */

import { clock } from '../clock.js';
import { localDate } from '../expiry.js';
import { readScan } from '../gs1.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { scanForm, taskOf, taskText } from '../scan_door.js';
import { product, productsOf } from '../store.js';
import { icon } from '../sprite.js';
import { arrow, notice } from './parts.js';
import { arrive, listOf, replacesTyped } from './scan_arrive.js';
import { faultWords } from './scan_words.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { Task } from '../scan_door.js' */
/** @import { Pack } from './scan_arrive.js' */

/** No code is longer; a wedge that goes wild must not fill an address. */
const CODE_MAX = 400;

/** @param {Ctx} ctx @returns {Task} of the form or the address; without one, what is in stock is looked at */
export function taskFor({ form, query }) {
  return taskOf(form.get('for') ?? query.get('for')) ?? { name: 'stock', session: '' };
}

/** @param {Ctx} ctx @returns {string} the code as it was delivered */
export function codeOf({ form, query }) {
  return (form.get('code') ?? query.get('code') ?? '').slice(0, CODE_MAX);
}

/**
 * @param {string} path
 * @param {Task} task
 * @param {string} code
 */
function address(path, task, code) {
  return `${path}?${new URLSearchParams({ for: taskText(task), code })}`;
}

/** @param {Ctx} ctx @returns {Html} the finder, which the page's script brings to life, and what it may have to say */
function camera({ t }) {
  return html`<section class="camera" data-camera data-looking="${t('Hold the code in the frame.')}" data-found="${t('Read.')}"
 data-denied="${t('This browser may not use the camera. Allow it in the settings of the site, or read a picture, or type the digits.')}"
 data-none="${t('There is no camera here. Use a scanner, read a picture, or type the digits.')}"
 data-busy="${t('Another app is using the camera. Close it, then open this screen again.')}"
 data-missing="${t('What reads the pictures is not on this device yet. Connect once to a network and open this screen; afterwards it works without. Meanwhile type the digits.')}"
 data-nothing="${t('No code was found in this picture. Come closer, with light from the side, or type the digits.')}">
<div class="camera-view"><video class="camera-video" muted playsinline aria-hidden="true"></video><div class="camera-frame"></div>
<button type="button" class="button camera-torch" data-torch aria-pressed="false" hidden>${icon('torch')}${t('Light')}</button></div>
<p class="camera-words" role="status" data-camera-words>${t('The camera starts.')}</p>
<label class="button camera-picture">${icon('picture')}<span>${t('Read a picture')}</span><input type="file" class="hidden-words" accept="image/*" data-camera-picture></label></section>`;
}

/**
 * @param {Ctx} ctx
 * @param {Task} task
 * @param {{words?: string, code?: string}} [told] what is wrong with the code
 * @returns {Page}
 */
function scanPage(ctx, task, { words, code = '' } = {}) {
  const { t } = ctx;
  const text = taskText(task);
  const body = html`${words && notice('warn', html`<p>${words}</p>`, { urgent: true })}${scanForm(text)}
${words === undefined && camera(ctx)}
<form method="post" action="/app/scan" class="stack-tight" novalidate><input type="hidden" name="for" value="${text}">
<div class="field"><label class="field-label" for="code">${words === undefined ? t('Or type the digits under the bars') : t('What was read')}</label>
<input class="input code-typed" id="code" name="code" value="${code}" autocomplete="off" autocapitalize="off" spellcheck="false" inputmode="${words === undefined ? 'numeric' : 'text'}" maxlength="${CODE_MAX}"></div>
<div class="sheet-buttons"><button class="button">${icon('check')}${words === undefined ? t('Find it') : t('Read it again')}</button>
${words !== undefined && html`<a class="button" href="/app/scan?for=${encodeURIComponent(text)}">${icon('scan')}${t('Scan again')}</a>`}</div></form>
<a class="button" href="${listOf(task)}">${icon('search')}${t('Find it by its name')}</a>`;
  return { title: t('Scan a pack'), back: listOf(task), body };
}

/**
 * @param {Ctx} ctx
 * @param {Task} task
 * @param {string} code
 * @param {readonly Product[]} rows
 * @returns {Page}
 */
function choicePage({ t }, task, code, rows) {
  const body = html`<p class="soft">${t('This code stands for more than one product here. Which one is it?')}</p>
<form method="post" action="/app/scan"><input type="hidden" name="for" value="${taskText(task)}"><input type="hidden" name="code" value="${code}">
<ul class="rows">${rows.map((row) => html`<li><button class="row" name="product" value="${row.code}"><span class="row-words"><span class="row-name">${row.name}</span>
<span class="row-detail"><span class="code">${row.code}</span><span>${row.dispensing_unit}</span></span></span>${arrow()}</button></li>`)}</ul></form>`;
  return { title: t('Which product?'), back: listOf(task), body };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function scan(ctx) {
  const task = taskFor(ctx);
  const code = codeOf(ctx);
  if (code === '') return page(ctx, scanPage(ctx, task));
  const read = readScan(code, localDate(clock.now()));
  if (!read.ok) return page(ctx, scanPage(ctx, task, { words: faultWords(ctx, read.error), code }));
  const rows = await productsOf(read.gtin);
  if (rows.length === 0) return redirect(address('/app/scan/link', task, code));
  return page(ctx, choicePage(ctx, task, code, rows));
}

/**
 * Before a half typed number is left behind: it is on this device, but not saved.
 *
 * @param {Ctx} ctx
 * @param {Task} task
 * @param {Product} row
 * @param {boolean} replaces whether the number has to go
 * @returns {Page}
 */
function typedPage({ t, form }, task, row, replaces) {
  const at = form.get('at') ?? '';
  const back = /^\/app\/[\w/%.~-]+$/.test(at) ? at : listOf(task);
  const words = replaces ? t('A number that you typed for another lot of {name} is not added yet. Going on with the pack that you scanned removes it.', { name: row.name })
    : t('A number that you typed is not saved yet. It is kept where you typed it.');
  const body = html`${notice('warn', html`<p>${words}</p>`, { urgent: true })}
<form method="post" action="/app/scan"><input type="hidden" name="for" value="${taskText(task)}"><input type="hidden" name="code" value="${form.get('code')}">
<input type="hidden" name="product" value="${row.code}"><input type="hidden" name="sure" value="yes"><button class="button">${icon('scan')}${t('Go on to {name}', { name: row.name })}</button></form>`;
  return { title: t('Not saved yet'), back, body, bar: html`<a class="button button-primary" href="${back}">${icon('edit')}${t('Back to what I typed')}</a>` };
}

/**
 * @param {Ctx} ctx
 * @param {Task} task
 * @param {Product} row
 * @param {Pack} pack
 * @returns {Promise<Reply>}
 */
export async function goOn(ctx, task, row, pack) {
  const { form } = ctx;
  if (form.get('sure') !== 'yes') {
    const replaces = await replacesTyped(ctx, task, row.code, pack);
    const elsewhere = form.get('typed') === 'yes' && !(form.get('at') ?? '').split('/').includes(encodeURIComponent(row.code));
    if (replaces || elsewhere) return invalid(ctx, typedPage(ctx, task, row, replaces));
  }
  return arrive(ctx, task, row.code, pack);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function scanned(ctx) {
  const task = taskFor(ctx);
  const code = codeOf(ctx);
  const read = readScan(code, localDate(clock.now()));
  if (!read.ok) return code.trim() === '' ? invalid(ctx, scanPage(ctx, task, { words: faultWords(ctx, 'empty') })) : redirect(address('/app/scan', task, code));
  const rows = await productsOf(read.gtin);
  const chosen = await product(ctx.form.get('product') ?? '') ?? (rows.length === 1 ? rows[0] : undefined);
  if (chosen) return goOn(ctx, task, chosen, read);
  return redirect(address(rows.length === 0 ? '/app/scan/link' : '/app/scan', task, code));
}

route('GET', '/app/scan', scan);
route('POST', '/app/scan', scanned);
