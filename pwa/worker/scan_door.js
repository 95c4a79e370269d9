/** The door to scanning in the head of the screens where a scan leads somewhere, and what a screen says of the scan that led to it. */

import { clock } from './clock.js';
import { expiryState, localDate } from './expiry.js';
import { html } from './html.js';
import { expiryChip, notice } from './screens/parts.js';
import { icon } from './sprite.js';

/** @import { Html } from './html.js' */
/** @import { Ctx } from './types.js' */

/**
 * What a scanned product is for.
 *
 * @typedef {{name: 'stock' | 'adjust' | 'receive' | 'issue', session: ''} | {name: 'count', session: string}} Task
 */

/** What the screen says that a scan leads to, beside its lot and expiry. */
const SAYS = /** @type {const} */ (['gone', 'later', 'party']);

/** @typedef {typeof SAYS[number]} Say */

/**
 * PURE
 *
 * @param {string | null} text "receive", or "count/" and the session
 * @returns {Task | null}
 */
export function taskOf(text) {
  const [, name, session = ''] = /^(stock|adjust|receive|issue|count(?=\/))(?:\/([\w-]+))?$/.exec(text ?? '') ?? [];
  if (name === undefined || (name !== 'count' && session !== '')) return null;
  return /** @type {Task} */ ({ name, session });
}

/** @param {Task} task @returns {string} as `taskOf` reads it */
export function taskText({ name, session }) {
  return session === '' ? name : `${name}/${session}`;
}

/**
 * PURE
 *
 * @param {string} pathname of a screen
 * @returns {Task | null} what a scan there is for; null where it leads nowhere
 */
export function taskAt(pathname) {
  if (pathname === '/app') return { name: 'stock', session: '' };
  const [, name = '', session = '', part] = /^\/app\/(stock|adjust|receive|issue|count)(?:\/([^/]+))?(\/.*)?$/.exec(pathname) ?? [];
  if (name !== 'count') return session === 'saved' ? null : taskOf(name);
  return part === undefined || part.startsWith('/item/') ? taskOf(`count/${session}`) : null;
}

/**
 * The button in the head, and the form by which the page's scripts send what a scanner typed or the camera read.
 *
 * @param {Ctx} ctx
 * @returns {Html | null}
 */
export function scanDoor(ctx) {
  const task = ctx.me.user === '' ? null : taskAt(ctx.url.pathname.replace(/(?<=.)\/$/, ''));
  if (!task) return null;
  const text = taskText(task);
  return html`<a class="scan-door" href="/app/scan?for=${encodeURIComponent(text)}" aria-label="${ctx.t('Scan a pack')}">${icon('scan')}</a>
${scanForm(text)}`;
}

/** @param {string} task as text */
export function scanForm(task) {
  return html`<form method="post" action="/app/scan" data-scan hidden><input type="hidden" name="for" value="${task}"><input type="hidden" name="code">
<input type="hidden" name="at"><input type="hidden" name="typed"></form>`;
}

/**
 * PURE
 *
 * @param {{lot: string, expiry: string | null}} scan
 * @param {readonly Say[]} says
 * @param {string | null} [book] the other expiry that the book has for this lot
 * @returns {string} the query by which a screen learns what was scanned
 */
export function scanQuery({ lot, expiry }, says, book = null) {
  const query = new URLSearchParams({ scanned: lot });
  if (expiry !== null) query.set('exp', expiry);
  if (book !== null) query.set('book', book);
  for (const say of says) query.append('say', say);
  return `?${query}`;
}

/**
 * @param {Ctx} ctx
 * @returns {Html | null} what was scanned, on the screen that it led to
 */
export function scanNotice(ctx) {
  const { t, fmt, query, method } = ctx;
  const lot = method === 'GET' ? query.get('scanned') : null;
  if (lot === null) return null;
  const day = /^\d{4}-\d{2}-\d{2}$/;
  const [expiry, book] = [query.get('exp') ?? '', query.get('book') ?? ''];
  const says = query.getAll('say');
  const expired = expiryState(expiry, localDate(clock.now())) === 'expired';
  const task = taskAt(ctx.url.pathname)?.name;
  const words = [
    expired && (task === 'issue' ? t('This pack has expired: do not give it out. Put it apart, and record it under Adjust.')
      : task === 'receive' ? t('This pack has expired. Ask whoever brought it before you take it in.') : t('This pack has expired: put it apart.')),
    day.test(book) && t('The book says that this lot expires on {date}. Look at the pack again.', { date: fmt.date(book) }),
    says.includes('later') && t('Another lot expires sooner. Take that one first if you can.'),
    says.includes('gone') && t('The book has none of this lot.'),
    says.includes('party') && t('It is kept. Say first where it comes from or goes to, then choose the product or scan it again.'),
    lot === '' && expiry === '' && says.length === 0 && (task === 'receive' || task === 'count') && t('This code has no lot and no expiry: read them on the pack.'),
  ].filter((one) => typeof one === 'string');
  const tone = expired ? 'bad' : words.length > 0 ? 'warn' : 'good';
  return notice(tone, html`<p><span class="strong">${lot === '' ? t('Scanned') : t('Scanned: lot {number}', { number: lot })}</span>${day.test(expiry) && html` ${expiryChip(ctx, expiry)}`}</p>
${words.map((one) => html`<p>${one}</p>`)}`, { urgent: expired });
}
