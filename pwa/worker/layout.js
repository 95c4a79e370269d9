/** The frame around every screen: document, header, sync bar, and how htmx takes over links and forms. */

import { html } from './html.js';
import { typedOn } from './kept.js';
import { scanDoor, scanNotice } from './scan_door.js';
import { icon, symbols } from './sprite.js';

/** @import { Html } from './html.js' */
/** @import { Ctx, Page, Reply, SyncStatus } from './types.js' */

export const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "connect-src 'self'",
  "manifest-src 'self'", "worker-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
].join('; ');

/** @type {Record<string, string>} */
const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': POLICY,
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** htmx: no styles of its own and none that it copies while settling (CSP), and no extension but ours, of which there is none. */
const HTMX = 'includeIndicatorCSS:false, defaultSettleDelay:0, defaultTimeout:20000, extensions:none';

/**
 * What the sync bar says, in words. Used for the page and for the messages that refresh it.
 *
 * @param {Pick<Ctx, 't' | 'tn' | 'fmt'>} ctx
 * @param {SyncStatus} status
 * @returns {Html}
 */
export function syncWords(ctx, status) {
  const { t, tn, fmt } = ctx;
  const waiting = status.waiting === 0 ? null
    : tn('{n} waiting', '{n} waiting', status.waiting, { n: fmt.number(status.waiting) });
  const sign = { paused: 'paused', attention: 'alert', saved: 'saved', waiting: 'waiting', sent: 'sent' }[status.state];
  let words;
  if (status.state === 'paused') words = t('Sending is paused: sign in again');
  else if (status.state === 'attention') {
    words = status.attention === 0 ? t('Needs attention')
      : tn('{n} needs attention', '{n} need attention', status.attention, { n: fmt.number(status.attention) });
  } else if (status.state === 'saved') words = t('Saved on this device');
  else if (status.state === 'waiting') words = t('Saved here, sending');
  else if (status.lastSentAt === null) words = t('Nothing to send');
  else words = t('All sent {time}', { time: fmt.time(status.lastSentAt) });
  return html`${icon(status.state)}<span class="sync-words">${words}</span>${waiting && html` <span class="sync-count">${waiting}</span>`}`;
}

/**
 * @param {Ctx} ctx
 * @param {Page} page
 * @returns {Html} what stands inside #screen
 */
function screen(ctx, { title, back, body, bar }) {
  const { me } = ctx;
  const typed = me.id !== '' && typedOn(me.id, ctx.url.pathname);
  return html`<header class="top" data-person="${me.id}"${me.idle !== null && !me.locked && html` data-idle="${me.idle}"`}>
${back ? html`<a class="back" href="${back}" aria-label="${ctx.t('Back')}">${icon('back', 'icon-turn')}</a>` : null}
<h1 id="title">${title}</h1>
${scanDoor(ctx)}
${me.idle !== null && !me.locked && html`<form method="post" action="/app/lock" hx-boost="false" data-lock><button class="button button-quiet lock" aria-label="${ctx.t('Lock')}" title="${ctx.t('Lock')}">${icon('lock')}</button></form>`}
${me.locked && html`<div id="sync-bar" class="sync-bar sync-${ctx.sync.state}"><span id="sync-status" class="sync-status" role="status">${syncWords(ctx, ctx.sync)}</span></div>`}
${me.user !== '' && html`<a id="sync-bar" class="sync-bar sync-${ctx.sync.state}" href="/app/operations"><span id="sync-status" class="sync-status" role="status">${syncWords(ctx, ctx.sync)}</span></a>`}
</header>
<main id="main" tabindex="-1">${scanNotice(ctx)}${body}</main>
${typed && html`<div id="kept" data-forms="${JSON.stringify(typed)}" hidden></div>`}
${bar ? html`<footer class="bar">${bar}</footer>` : null}`;
}

/**
 * @param {Ctx} ctx
 * @param {Page} page
 * @returns {string} the whole document
 */
function wholeDocument(ctx, page) {
  return String(html`<!doctype html>
<html lang="${ctx.lang}" dir="${ctx.dir}">
<head>
<meta charset="utf-8">
<title>${page.title} · Bincard</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="htmx-config" content="${HTMX}">
<link rel="manifest" href="/manifest.webmanifest">
<link rel="icon" href="/icons/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/styles/shared.css">
<link rel="stylesheet" href="/styles/screens.css">
<script src="/vendor/htmx.min.js" defer></script>
<script type="module" src="/page/app.js"></script>
</head>
<body hx-boost:inherited="true" hx-target:inherited="#screen" hx-swap:inherited="innerHTML show:none" hx-sync:inherited="drop">
<div id="update-notice" class="notice notice-info" role="status" hidden><span>${ctx.t('A new version is ready.')}</span>
<button id="update-now" class="button" type="button">${ctx.t('Update now')}</button></div>
${symbols()}
<div id="screen" hx-history-elt>
${screen(ctx, page)}
</div>
</body>
</html>`);
}

/**
 * @param {Ctx} ctx
 * @param {number} status
 * @param {Page} content
 * @param {Record<string, string>} [headers]
 * @returns {Reply}
 */
function reply(ctx, status, content, headers = {}) {
  const body = ctx.partial
    ? String(html`<title>${content.title} · Bincard</title>\n${screen(ctx, content)}`)
    : wholeDocument(ctx, content);
  return { status, headers: { ...HEADERS, ...headers }, body };
}

/**
 * A screen: the whole document, or only the swap target where htmx asked for that.
 *
 * @param {Ctx} ctx
 * @param {Page} content
 * @returns {Reply}
 */
export function page(ctx, content) {
  return reply(ctx, 200, content);
}

/**
 * The same form again, with what was typed and what is wrong with it (422). The address bar stays where it was.
 *
 * @param {Ctx} ctx
 * @param {Page} content
 * @returns {Reply}
 */
export function invalid(ctx, content) {
  return reply(ctx, 422, content, { 'HX-Push-Url': 'false' });
}

/**
 * A page that stands in for the one that was asked for: not found, or failed.
 *
 * @param {Ctx} ctx
 * @param {number} status
 * @param {Page} content
 * @returns {Reply}
 */
export function notice(ctx, status, content) {
  const home = html`${content.body}<p><a class="button" href="/app">${ctx.t('Go to the start page')}</a></p>`;
  return reply(ctx, status, { back: '/app', ...content, body: home });
}

/**
 * @param {string} url
 * @returns {Reply} 303: what follows a POST
 */
export function redirect(url) {
  return { status: 303, headers: { Location: url, 'Cache-Control': 'no-store' }, body: '' };
}
