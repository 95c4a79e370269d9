/** /app: the tasks of the day, a count to go on with, who is signed in and where. */

import { html } from '../html.js';
import { LANGUAGES } from '../i18n.js';
import { page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardsView, feedback, getMeta, isOpen, problems, setMeta } from '../store.js';
import { icon } from '../sprite.js';
import { clockNotice } from './clock_notice.js';
import { progress, sessions } from './count_session.js';
import { moreTasks } from './more.js';
import { standingRecalls } from './recall_words.js';
import { arrow, notice } from './parts.js';

/** @import { Ctx, Reply } from '../types.js' */

/**
 * A switch of language that comes back to where one was.
 *
 * @param {Ctx} ctx
 */
export function languageSwitch(ctx) {
  return html`<form method="post" action="/app/language" hx-boost="false" class="segments" aria-label="${ctx.t('Language')}">
<input type="hidden" name="back" value="${ctx.url.pathname}">
${Object.entries(LANGUAGES).map(([code, name]) => html`<button class="segment" name="language" value="${code}" lang="${code}"${code === ctx.lang && html` aria-current="true"`}>${name}</button>`)}</form>`;
}

/**
 * @param {Ctx} ctx
 * @param {string} role
 * @returns {string} its name; one that this version does not know as it is
 */
function roleWords({ t }, role) {
  return {
    nurse: t('Nurse'), pharmacist: t('Pharmacist'), storekeeper: t('Storekeeper'), data_entry: t('Data entry'),
    manager: t('Manager'), admin: t('Administrator'),
  }[role] ?? role;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function home(ctx) {
  const { t, tn, fmt, me } = ctx;
  const [cards, counts, withdrawn, all, persisted, wipe, clockWrong, recalls, messages] = await Promise.all([
    cardsView(), sessions(ctx), getMeta('withdrawn'), problems(), getMeta('persisted'), getMeta('wipe'), clockNotice(ctx), standingRecalls(), feedback(),
  ]);
  const called = recalls.filter(({ state }) => state !== 'done');
  const unread = messages.filter(({ read_at }) => read_at === null).length;
  const wrong = all.filter(isOpen).length + called.length;
  const open = counts.find((session) => session.finished_at === null);
  const may = new Set(me.rights);
  const out = new Map();
  for (const card of cards) out.set(card.product, (out.get(card.product) ?? 0) + card.on_hand);
  const without = [...out.values()].filter((n) => n <= 0).length;
  const tiles = [
    { right: 'stock.count', symbol: 'count', url: '/app/count', name: t('Count'), detail: t('See what is on the shelf') },
    { right: 'stock.receive', symbol: 'receive', url: '/app/receive', name: t('Receive'), detail: t('Goods that came in') },
    { right: 'stock.issue', symbol: 'issue', url: '/app/issue', name: t('Issue'), detail: t('To a ward or facility') },
    { right: 'stock.adjust', symbol: 'adjust', url: '/app/adjust', name: t('Adjust'), detail: t('Expired, broken, lost, found') },
    { right: 'stock.view', symbol: 'stock', url: '/app/stock', name: t('Stock'),
      detail: without > 0 ? tn('{n} product is out of stock', '{n} products are out of stock', without, { n: fmt.number(without) }) : t('Cards and movements') },
    { right: wrong > 0 ? 'stock.view' : 'exception.own', symbol: 'alert', url: '/app/problems', name: t('Problems'),
      detail: wrong > 0 ? tn('{n} problem needs a look', '{n} problems need a look', wrong, { n: fmt.number(wrong) }) : t('Nothing needs a look') },
    ...(moreTasks(ctx).length > 0 ? [{ right: 'stock.view', symbol: 'more', url: '/app/more', name: t('More tasks'), detail: t('Transfer, return, move, unpack, expiry dates') }] : []),
  ].filter((tile) => may.has(tile.right));
  const role = roleWords(ctx, me.role);
  const body = html`<p class="line soft">${icon('person')}<span>${t('Signed in: {name}', { name: me.name })}</span></p>${clockWrong}
${called.map(({ recall, name, state }) => html`<a class="notice notice-${state === 'urgent' ? 'bad' : 'warn'}" href="/app/recalls/${recall.id}">${icon('alert')}<span><strong>${t('Recall: {product}', { product: name })}</strong><br>${state === 'urgent' ? t('It is on hand here: do not give it out.') : t('Look for it and answer')}</span>${arrow()}</a>`)}
${unread > 0 && html`<a class="notice notice-info" href="/app/problems">${icon('message')}<span><strong>${tn('{n} message from your manager', '{n} messages from your manager', unread, { n: fmt.number(unread) })}</strong></span>${arrow()}</a>`}
${open && html`<a class="notice notice-warn" href="/app/count/${open.id}">${icon('count')}<span><strong>${t('Go on counting')}</strong><br>${t('{n} of {m} counted', { n: fmt.number(progress(open).counted), m: fmt.number(progress(open).of) })}</span>${arrow()}</a>`}
${withdrawn && notice('warn', t('Since {time} this device may not see the stock of {facility}, so its cards were removed from here. Nothing that was recorded here is lost: what waits is still sent. Ask your administrator.', { time: fmt.dateTime(withdrawn.at), facility: me.facilityName }))}
${tiles.length === 0 && !withdrawn && notice('warn', t('Your account may not record stock here. Ask your administrator.'))}
<nav class="tiles" aria-label="${t('Tasks')}">${tiles.map((tile) => html`<a class="tile" href="${tile.url}">${icon(tile.symbol)}<span><span class="tile-name">${tile.name}</span><span class="tile-detail">${tile.detail}</span></span></a>`)}</nav>
<div id="install" class="notice" hidden>${icon('install')}<div class="stack-tight"><p>${t('Put Bincard on this device, so that it opens like any other app, with or without a network.')}</p>
<p><button type="button" class="button" data-install>${t('Install')}</button></p></div></div>
<section class="stack-tight"><h2>${t('This device')}</h2>
${wipe && notice('warn', t('An administrator has asked for this device to be erased. It sends all that waits first, then erases itself.'))}
${persisted === false && notice('warn', t('This browser has not promised to keep the data of this app. If the device runs out of space, what was not sent could be lost. Install the app, and send often.'))}
<ul class="rows"><li><a class="row" href="/app/operations">${icon('sent')}<span class="row-words"><span class="row-name">${t('Everything recorded here')}</span><span class="row-detail">${t('and what became of it')}</span></span>${arrow()}</a></li>
<li><a class="row" href="/app/people">${icon('person')}<span class="row-words"><span class="row-name">${t('People and PIN')}</span><span class="row-detail"><span>${me.deviceName}</span>${role && html`<span>${role}</span>`}</span></span>${arrow()}</a></li></ul>
<div class="line">${icon('language')}${languageSwitch(ctx)}</div></section>`;
  return page(ctx, { title: me.facilityName, body });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function language(ctx) {
  const wanted = ctx.form.get('language');
  if (wanted !== null && Object.hasOwn(LANGUAGES, wanted)) await setMeta('language', wanted);
  const back = ctx.form.get('back') ?? '/app';
  return redirect(/^\/app(\/|$)/.test(back) ? back : '/app');
}

route('GET', '/app', home);
route('POST', '/app/language', language, { open: true });
