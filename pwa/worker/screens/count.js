/** /app/count: go on with a count, or begin one: of what, by whom, blind or with the book. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardsView, locations, products, programs } from '../store.js';
import { icon } from '../sprite.js';
import { clockNotice } from './clock_notice.js';
import { shelves, toCount } from './count_scope.js';
import { begin, forgetOld, progress, sessions } from './count_session.js';
import { scopeWords, sharesWords } from './count_words.js';
import { arrow, chip, empty, fieldError } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { Scope } from './count_scope.js' */
/** @import { Session } from './count_session.js' */

/** So many finished counts are shown. */
const FINISHED_MAX = 10;

/** Scopes of which one is chosen by name. */
const NAMED = /** @type {const} */ (['shelf', 'category', 'program']);

/** The shelf for goods that are on none: an empty value says that nothing was chosen. */
const NO_SHELF = '-';

/**
 * @typedef {object} Choice
 * @property {Scope} scope
 * @property {string} name
 * @property {string} detail
 * @property {[string, string][]} [options] value and words
 */

/**
 * @param {Ctx} ctx
 * @param {Session} session
 */
function sessionRow(ctx, session) {
  const { counted, of } = progress(session);
  const { t, fmt } = ctx;
  return html`<li><a class="row" href="/app/count/${session.id}${session.finished_at === null ? '' : '/summary'}">
<span class="row-words"><span class="row-name">${scopeWords(ctx, session)}</span>
<span class="row-detail"><span>${t('Begun {when}', { when: fmt.dateTime(session.started_at) })}</span><span>${sharesWords(ctx, session)}</span>
<span>${t('{n} of {m} counted', { n: fmt.number(counted), m: fmt.number(of) })}</span>
${session.two && chip('info', 'person', t('By two people'))}${session.finished_at === null ? chip('warn', 'clock', t('Not finished')) : chip('good', 'check', t('Finished'))}</span></span>
${arrow()}</a></li>`;
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<Choice[]>} what may be counted here, the likeliest first; none before there are products
 */
async function choices(ctx) {
  const { t, tn, fmt } = ctx;
  const [catalogue, cards, named, plans] = await Promise.all([products(), cardsView(), locations(), programs()]);
  if (catalogue.length === 0) return [];
  /** @param {number} n */
  const items = (n) => tn('{n} item', '{n} items', n, { n: fmt.number(n) });
  const held = toCount(catalogue, cards, { scope: 'cards', name: '' }).length;
  const categories = [...new Set(catalogue.map((row) => row.category).filter(Boolean))].sort();
  const used = new Set(catalogue.flatMap((row) => row.programs ?? []));
  const running = plans.filter((row) => used.has(row.code));
  const stands = shelves(cards, named);
  /** @type {(Choice | false)[]} */
  const all = [
    held > 0 && { scope: 'cards', name: t('What has a stock card here'), detail: items(held) },
    stands.length > 0 && { scope: 'shelf', name: t('One shelf'), detail: t('What the book has on it'),
      options: stands.map(({ name, label, items: n }) => [name === '' ? NO_SHELF : name, `${name === '' ? t('On no shelf') : label} (${items(n)})`]) },
    categories.length > 1 && { scope: 'category', name: t('One category'), detail: t('Antibiotics, vaccines and so on'), options: categories.map((one) => [one, one]) },
    running.length > 0 && { scope: 'program', name: t('One program'), detail: t('Family planning, malaria and so on'), options: running.map((row) => [row.code, row.name]) },
    { scope: 'all', name: t('Every product of the catalogue'), detail: items(catalogue.length) },
  ];
  return all.filter((one) => one !== false);
}

/**
 * @param {Ctx} ctx
 * @param {Scope} scope
 * @returns {string} what to choose
 */
function label({ t }, scope) {
  return scope === 'shelf' ? t('Shelf') : scope === 'category' ? t('Category') : t('Program');
}

/**
 * @param {Ctx} ctx
 * @param {Choice} choice
 * @param {boolean} chosen
 * @param {string | null} error
 * @returns {Html} a scope, and below it the shelves, categories or programs to choose from
 */
function scopeChoice(ctx, { scope, name, detail, options }, chosen, error) {
  const { t, form } = ctx;
  return html`<label class="choice"><input type="radio" name="scope" value="${scope}"${chosen && html` checked`}>
<span class="choice-words"><span class="strong">${name}</span><span class="small soft">${detail}</span></span></label>
${options && html`<div class="choice-more field"><label class="field-label" for="${scope}">${label(ctx, scope)}</label>
<select class="input" id="${scope}" name="${scope}"${error && html` aria-invalid="true" aria-describedby="${scope}-error"`}>
<option value="">${t('Choose')}</option>
${options.map(([value, words]) => html`<option value="${value}"${value === form.get(scope) && html` selected`}>${words}</option>`)}</select>
${fieldError(scope, error)}</div>`}`;
}

/**
 * @param {Ctx} ctx
 * @param {{name: string, value: string, chosen: boolean, symbol: string, words: string, detail: string}} choice
 */
function plainChoice(ctx, { name, value, chosen, symbol, words, detail }) {
  return html`<label class="choice"><input type="radio" name="${name}" value="${value}"${chosen && html` checked`}>${icon(symbol)}
<span class="choice-words"><span class="strong">${words}</span><span class="small soft">${detail}</span></span></label>`;
}

/**
 * How it is counted: asked before a count of any scope, and before one of what is proposed.
 *
 * @param {Ctx} ctx
 * @returns {Html}
 */
export function howToCount(ctx) {
  const { t, form } = ctx;
  const [hidden, two] = [form.get('book') === 'hidden', form.get('people') === 'two'];
  return html`<fieldset class="stack-tight"><legend class="field-label">${t('Show what the book says?')}</legend>
${plainChoice(ctx, { name: 'book', value: 'shown', chosen: !hidden, symbol: 'book', words: t('With the book'), detail: t('The stock on the card stands beside each lot.') })}
${plainChoice(ctx, { name: 'book', value: 'hidden', chosen: hidden, symbol: 'eye-off', words: t('Blind'), detail: t('Only what you see counts. The differences come at the end.') })}</fieldset>
<fieldset class="stack-tight"><legend class="field-label">${t('Who counts?')}</legend>
${plainChoice(ctx, { name: 'people', value: 'one', chosen: !two, symbol: 'person', words: t('One person'), detail: t('Each figure is saved when it is entered.') })}
${plainChoice(ctx, { name: 'people', value: 'two', chosen: two, symbol: 'people', words: t('Two people'), detail: t('The second counts without seeing the first one’s figures. What both agree on is saved.') })}</fieldset>`;
}

/**
 * @param {Ctx} ctx
 * @returns {{blind: boolean, two: boolean}} as it was chosen
 */
export function chosenWay({ form }) {
  return { blind: form.get('book') === 'hidden', two: form.get('people') === 'two' };
}

/**
 * @param {Ctx} ctx
 * @param {string | null} [error]
 * @returns {Promise<Page>}
 */
async function start(ctx, error = null) {
  const { t, form } = ctx;
  const [scopes, all, clockWrong] = await Promise.all([choices(ctx), sessions(ctx), clockNotice(ctx)]);
  const open = all.filter((session) => session.finished_at === null);
  const finished = all.filter((session) => session.finished_at !== null).slice(0, FINISHED_MAX);
  if (scopes.length === 0) {
    return {
      title: t('Count'), back: '/app',
      body: empty('count', t('No products yet'), t('The list of products has not reached this device. Connect once to a network, then come back.')),
    };
  }
  const scope = form.get('scope') ?? scopes[0]?.scope;
  const body = html`${clockWrong}${open.length > 0 && html`<section class="stack-tight"><h2>${t('Go on counting')}</h2>
<ul class="rows">${open.map((session) => sessionRow(ctx, session))}</ul></section>`}
${scopes[0]?.scope === 'cards' && html`<ul class="rows"><li><a class="row" href="/app/count/today">${icon('calendar')}<span class="row-words"><span class="row-name">${t('What to count today')}</span>
<span class="row-detail">${t('A short list, and why each product is on it')}</span></span>${arrow()}</a></li></ul>`}
<form method="post" action="/app/count" id="start" class="stack">
<fieldset class="stack-tight"><legend class="field-label">${t('What will you count?')}</legend>
${scopes.map((one) => scopeChoice(ctx, one, one.scope === scope, one.scope === scope ? error : null))}</fieldset>
${howToCount(ctx)}</form>
${finished.length > 0 && html`<section class="stack-tight"><h2>${t('Finished counts')}</h2>
<ul class="rows">${finished.map((session) => sessionRow(ctx, session))}</ul></section>`}`;
  return {
    title: t('Count'), back: '/app', body,
    bar: html`<button class="button button-primary" form="start">${icon('count')}${open.length > 0 ? t('Begin a new count') : t('Begin the count')}</button>`,
  };
}

/**
 * @param {Ctx} ctx
 * @param {(typeof NAMED)[number]} scope
 * @returns {string} what to do about a choice that was not made
 */
function chooseWords({ t }, scope) {
  return { shelf: t('Choose the shelf to count.'), category: t('Choose the category to count.'), program: t('Choose the program to count.') }[scope];
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countStart(ctx) {
  return page(ctx, await start(ctx));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countBegin(ctx) {
  const asked = ctx.form.get('scope');
  const named = NAMED.find((one) => one === asked);
  await forgetOld();
  if (named === undefined) {
    const scope = asked === 'cards' ? asked : 'all';
    return redirect(`/app/count/${(await begin(ctx, { scope, name: '', ...chosenWay(ctx) })).id}`);
  }
  const value = ctx.form.get(named) ?? '';
  const offered = (await choices(ctx)).find(({ scope }) => scope === named)?.options ?? [];
  if (!offered.some(([one]) => one === value)) return invalid(ctx, await start(ctx, chooseWords(ctx, named)));
  const name = named === 'shelf' && value === NO_SHELF ? '' : value;
  const words = named === 'program' ? (await programs()).find((row) => row.code === name)?.name
    : named === 'shelf' ? (await locations()).find((row) => row.code === name)?.name : name;
  const session = await begin(ctx, { scope: named, name, label: words || name, ...chosenWay(ctx) });
  return redirect(`/app/count/${session.id}`);
}

route('GET', '/app/count', countStart);
route('POST', '/app/count', countBegin);
