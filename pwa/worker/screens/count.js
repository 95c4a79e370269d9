/** /app/count: go on with a count, or begin one: what is on the cards, a category or everything, blind or with the book. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardsView, products } from '../store.js';
import { icon } from '../sprite.js';
import { begin, forgetOld, progress, sessions, toCount } from './count_session.js';
import { arrow, chip, empty, fieldError } from './parts.js';

/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { Scope, Session } from './count_session.js' */

/** So many finished counts are shown. */
const FINISHED_MAX = 10;

/**
 * @param {Ctx} ctx
 * @param {Session} session
 */
function sessionRow(ctx, session) {
  const { counted, of } = progress(session);
  const { t, fmt } = ctx;
  return html`<li><a class="row" href="/app/count/${session.id}${session.finished_at === null ? '' : '/summary'}">
<span class="row-words"><span class="row-name">${t('Begun {when}', { when: fmt.dateTime(session.started_at) })}</span>
<span class="row-detail"><span>${t('{n} of {m} counted', { n: fmt.number(counted), m: fmt.number(of) })}</span>
${session.category && html`<span>${session.category}</span>`}
${session.finished_at === null ? chip('warn', 'clock', t('Not finished')) : chip('good', 'check', t('Finished'))}</span></span>
${arrow()}</a></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {string | null} [error]
 * @returns {Promise<Page>}
 */
async function start(ctx, error = null) {
  const { t, tn, fmt, form } = ctx;
  const [catalogue, cards, all] = await Promise.all([products(), cardsView(), sessions(ctx)]);
  const open = all.filter((session) => session.finished_at === null);
  const finished = all.filter((session) => session.finished_at !== null).slice(0, FINISHED_MAX);
  if (catalogue.length === 0) {
    return {
      title: t('Count'), back: '/app',
      body: empty('count', t('No products yet'), t('The list of products has not reached this device. Connect once to a network, then come back.')),
    };
  }
  const held = toCount(catalogue, cards, 'cards', '').length;
  const categories = [...new Set(catalogue.map((row) => row.category).filter(Boolean))].sort();
  const scope = form.get('scope') ?? (held > 0 ? 'cards' : 'all');
  /** @param {number} n */
  const items = (n) => tn('{n} item', '{n} items', n, { n: fmt.number(n) });
  /** @type {[Scope, string, string][]} */
  const scopes = [
    ...(held > 0 ? [/** @type {[Scope, string, string]} */ (['cards', t('What has a stock card here'), items(held)])] : []),
    ...(categories.length > 1 ? [/** @type {[Scope, string, string]} */ (['category', t('One category'), t('Antibiotics, vaccines and so on')])] : []),
    ['all', t('Every product of the catalogue'), items(catalogue.length)],
  ];
  const body = html`${open.length > 0 && html`<section class="stack-tight"><h2>${t('Go on counting')}</h2>
<ul class="rows">${open.map((session) => sessionRow(ctx, session))}</ul></section>`}
<form method="post" action="/app/count" id="start" class="stack">
<fieldset class="stack-tight"><legend class="field-label">${t('What will you count?')}</legend>
${scopes.map(([value, name, detail]) => html`<label class="choice"><input type="radio" name="scope" value="${value}"${value === scope && html` checked`}>
<span class="choice-words"><span class="strong">${name}</span><span class="small soft">${detail}</span></span></label>
${value === 'category' && html`<div class="choice-more field"><label class="field-label" for="category">${t('Category')}</label>
<select class="input" id="category" name="category"${error && html` aria-invalid="true" aria-describedby="category-error"`}>
<option value="">${t('Choose a category')}</option>
${categories.map((name) => html`<option${name === form.get('category') && html` selected`}>${name}</option>`)}</select>
${fieldError('category', error)}</div>`}`)}</fieldset>
<fieldset class="stack-tight"><legend class="field-label">${t('Show what the book says?')}</legend>
<label class="choice"><input type="radio" name="book" value="shown"${form.get('book') !== 'hidden' && html` checked`}>${icon('book')}
<span class="choice-words"><span class="strong">${t('With the book')}</span><span class="small soft">${t('The stock on the card stands beside each lot.')}</span></span></label>
<label class="choice"><input type="radio" name="book" value="hidden"${form.get('book') === 'hidden' && html` checked`}>${icon('eye-off')}
<span class="choice-words"><span class="strong">${t('Blind')}</span><span class="small soft">${t('Only what you see counts. The differences come at the end.')}</span></span></label></fieldset>
</form>
${finished.length > 0 && html`<section class="stack-tight"><h2>${t('Finished counts')}</h2>
<ul class="rows">${finished.map((session) => sessionRow(ctx, session))}</ul></section>`}`;
  return {
    title: t('Count'), back: '/app', body,
    bar: html`<button class="button button-primary" form="start">${icon('count')}${open.length > 0 ? t('Begin a new count') : t('Begin the count')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countStart(ctx) {
  return page(ctx, await start(ctx));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countBegin(ctx) {
  const category = ctx.form.get('category') ?? '';
  const asked = ctx.form.get('scope');
  const scope = asked === 'category' || asked === 'cards' ? asked : 'all';
  if (scope === 'category' && category === '') return invalid(ctx, await start(ctx, ctx.t('Choose the category to count.')));
  await forgetOld();
  const session = await begin(ctx, { scope, category, blind: ctx.form.get('book') === 'hidden' });
  return redirect(`/app/count/${session.id}`);
}

route('GET', '/app/count', countStart);
route('POST', '/app/count', countBegin);
