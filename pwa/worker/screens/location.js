/** /app/locations/at/:code: one shelf or bin: what lies there, its name, and taking it out of use. */

import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardsView, product } from '../store.js';
import { icon } from '../sprite.js';
import { NAME_MAX } from './location_rules.js';
import { allStands, lotsWords, nameError } from './locations.js';
import { chip, notice, question, textField } from './parts.js';
import { savingFailed } from './saving.js';

/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { Stand } from './location_rules.js' */

/** So many lots are shown; all of them are counted by shelf. */
const LOTS_MAX = 50;

/**
 * @param {Ctx} ctx
 * @param {Stand} place
 * @param {{name?: string, fault?: string | null, warn?: string, failure?: string}} [state]
 * @returns {Promise<Page>}
 */
async function screen(ctx, place, { name = place.name, fault, warn, failure } = {}) {
  const { t, fmt } = ctx;
  const here = `/app/locations/at/${encodeURIComponent(place.code)}`;
  const may = ctx.me.rights.includes('location.set');
  const cards = (await cardsView()).filter((card) => card.location === place.code && card.on_hand !== 0);
  const rows = await Promise.all(cards.slice(0, LOTS_MAX).map(async (card) => html`<li><a class="row" href="/app/stock/${encodeURIComponent(card.product)}"><span class="row-words"><span class="row-name">${(await product(card.product))?.name ?? card.product}</span>
${card.lot && html`<span class="row-detail">${t('Lot {number}', { number: card.lot })}</span>`}</span><span class="row-figure number">${fmt.number(card.on_hand)}</span></a></li>`));
  const body = html`${failure && notice('bad', failure, { urgent: true })}<p class="line"><span class="code">${place.code}</span>${!place.active && chip('idle', 'paused', t('Used no more'))}</p>
${warn && question('retire', warn, { name: 'sure', value: 'yes', words: t('Take it out of use all the same') })}
${may && html`<form method="post" action="${here}" class="stack" id="place" novalidate>${textField({ id: 'name', label: t('Name'), value: name, error: fault, length: NAME_MAX })}</form>`}
<section class="stack-tight"><h2>${lotsWords(ctx, place.lots)}</h2>${rows.length > 0 && html`<ul class="rows">${rows}</ul>`}</section>
${may && place.named && html`<form method="post" action="${here}/${place.active ? 'retire' : 'use'}" id="retire"><button class="button">${icon(place.active ? 'paused' : 'undo')}${place.active ? t('Take it out of use') : t('Use it again')}</button></form>`}`;
  return { title: place.name || place.code, back: '/app/locations', body, bar: may ? html`<button class="button button-primary" form="place">${icon('check')}${place.named ? t('Save the name') : t('Put it on the list')}</button>` : null };
}

/**
 * @param {(ctx: Ctx, place: Stand, all: Stand[]) => Promise<Reply>} handler
 * @returns {(ctx: Ctx) => Promise<Reply>} the same for the place of the address
 */
function ofPlace(handler) {
  return async (ctx) => {
    const all = await allStands();
    const place = all.find(({ code }) => code === ctx.params.code);
    if (place) return handler(ctx, place, all);
    return standIn(ctx, 404, { title: ctx.t('Shelves and bins'), back: '/app/locations', body: html`<p>${ctx.t('There is no such shelf here.')}</p>` });
  };
}

/**
 * @param {Ctx} ctx
 * @param {Stand} place
 * @param {{name?: string, active?: boolean}} change
 * @returns {Promise<Reply>}
 */
async function set(ctx, place, change) {
  const { code, name, active } = { ...place, ...change };
  try {
    await append('location.set', { code, name, active });
  } catch (error) {
    return invalid(ctx, await screen(ctx, place, { ...change, failure: savingFailed(ctx, error) }));
  }
  return redirect('/app/locations?saved=1');
}

route('GET', '/app/locations/at/:code', ofPlace(async (ctx, place) => page(ctx, await screen(ctx, place))));
route('POST', '/app/locations/at/:code', ofPlace(async (ctx, place, all) => {
  const name = (ctx.form.get('name') ?? '').trim().slice(0, NAME_MAX);
  const fault = nameError(ctx, name || place.code, place.code, all);
  return fault ? invalid(ctx, await screen(ctx, place, { name, fault })) : set(ctx, place, { name });
}));
route('POST', '/app/locations/at/:code/retire', ofPlace(async (ctx, place) => {
  if (place.lots > 0 && ctx.form.get('sure') !== 'yes') {
    return invalid(ctx, await screen(ctx, place, { warn: ctx.tn('By the book {n} lot still lies there. It stays there until it is moved or used up, and no move offers the shelf once it is empty. Is it right?', 'By the book {n} lots still lie there. They stay there until they are moved or used up, and no move offers the shelf once it is empty. Is it right?', place.lots, { n: ctx.fmt.number(place.lots) }) }));
  }
  return set(ctx, place, { active: false });
}));
route('POST', '/app/locations/at/:code/use', ofPlace((ctx, place) => set(ctx, place, { active: true })));
