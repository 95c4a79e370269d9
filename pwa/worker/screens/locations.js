/** /app/locations: the shelves and bins of the facility, what lies on each, and adding one. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardsView, locations } from '../store.js';
import { icon } from '../sprite.js';
import { CODE_MAX, codeFault, NAME_MAX, nameTaken, stands } from './location_rules.js';
import { arrow, chip, empty, notice, textField } from './parts.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { Stand } from './location_rules.js' */

/** @returns {Promise<Stand[]>} as this device knows them */
export async function allStands() {
  const [registered, cards] = await Promise.all([locations(), cardsView()]);
  return stands(registered, cards);
}

/**
 * @param {Ctx} ctx
 * @param {number} n
 * @returns {string} how many lots lie there
 */
export function lotsWords({ t, tn, fmt }, n) {
  return n === 0 ? t('Nothing lies there') : tn('{n} lot lies there', '{n} lots lie there', n, { n: fmt.number(n) });
}

/**
 * @param {Ctx} ctx
 * @param {Stand} place
 * @returns {Html}
 */
function placeRow(ctx, place) {
  const { t } = ctx;
  return html`<li><a class="row" href="/app/locations/at/${encodeURIComponent(place.code)}">${icon('place')}<span class="row-words"><span class="row-name">${place.name || place.code}</span>
<span class="row-detail">${place.name && html`<span class="code">${place.code}</span>`}<span>${lotsWords(ctx, place.lots)}</span>${!place.named && chip('warn', 'edit', t('Not on the list yet'))}</span></span>${arrow()}</a></li>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function locationList(ctx) {
  const { t, query } = ctx;
  const all = await allStands();
  const used = all.filter((place) => place.active);
  const retired = all.filter((place) => !place.active);
  const body = html`${query.has('saved') && notice('good', t('Saved on this device.'))}
${used.length === 0 ? empty('place', t('No shelves yet'), t('Give a name to each shelf, fridge and room that you want to keep apart. Then stock can be moved there and counted by shelf.'))
    : html`<p class="soft">${t('Where stock is kept apart. What is on none of them is in the main store.')}</p><ul class="rows">${used.map((place) => placeRow(ctx, place))}</ul>`}
${retired.length > 0 && html`<section class="stack-tight"><h2>${t('Used no more')}</h2><ul class="rows">${retired.map((place) => placeRow(ctx, place))}</ul></section>`}`;
  return page(ctx, { title: t('Shelves and bins'), back: '/app/more', body, bar: html`<a class="button button-primary" href="/app/locations/new">${icon('plus')}${t('Add a shelf')}</a>` });
}

/**
 * @param {Ctx} ctx
 * @param {{code: string, name: string}} typed
 * @param {{code?: string | null, name?: string | null, failure?: string}} [errors]
 * @returns {Page}
 */
function newPage(ctx, typed, errors = {}) {
  const { t } = ctx;
  const body = html`${errors.failure && notice('bad', errors.failure, { urgent: true })}
<form method="post" action="/app/locations/new" id="place" class="stack" novalidate>
${textField({ id: 'code', label: t('Code'), value: typed.code, hint: t('What stands on the shelf, such as A3. It stays as it is from then on.'), error: errors.code, length: CODE_MAX, focus: !errors.name })}
${textField({ id: 'name', label: t('Name'), value: typed.name, hint: t('What people call it, such as Fridge in the ward. It may be left empty.'), error: errors.name, length: NAME_MAX })}</form>`;
  return { title: t('Add a shelf'), back: '/app/locations', body, bar: html`<button class="button button-primary" form="place">${icon('check')}${t('Save')}</button>` };
}

/** @param {Ctx} ctx @returns {Reply} */
export function locationNew(ctx) {
  return page(ctx, newPage(ctx, { code: '', name: '' }));
}

/**
 * @param {Ctx} ctx
 * @param {string} name
 * @param {string} code
 * @param {Stand[]} all
 * @returns {string | null} what is wrong with the name
 */
export function nameError({ t }, name, code, all) {
  return nameTaken(name, code, all) ? t('Another shelf is called so. Choose a name of its own.') : null;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function locationAdd(ctx) {
  const { t, form } = ctx;
  const typed = { code: (form.get('code') ?? '').trim().slice(0, CODE_MAX), name: (form.get('name') ?? '').trim().slice(0, NAME_MAX) };
  const all = await allStands();
  const fault = codeFault(typed.code, all);
  const name = nameError(ctx, typed.name || typed.code, typed.code, all);
  if (fault || name) {
    const code = { empty: t('Enter the code that stands on the shelf.'), taken: t('This code is on the list already.') };
    return invalid(ctx, newPage(ctx, typed, { code: fault && code[fault], name: fault ? null : name }));
  }
  try {
    await append('location.set', { ...typed, active: true });
  } catch (error) {
    return invalid(ctx, newPage(ctx, typed, { failure: savingFailed(ctx, error) }));
  }
  return redirect('/app/locations?saved=1');
}

route('GET', '/app/locations', locationList);
route('GET', '/app/locations/new', locationNew);
route('POST', '/app/locations/new', locationAdd);
