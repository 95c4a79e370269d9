/** /app/problems: what looks wrong at this facility, what to do about each, and what was decided. */

import { html } from '../html.js';
import { page } from '../layout.js';
import { route } from '../router.js';
import { feedback, isOpen, problems } from '../store.js';
import { icon } from '../sprite.js';
import { arrow, chip, empty, notice } from './parts.js';
import { about, stateChip } from './problem_parts.js';
import { messageRow } from './message_row.js';
import { filters, narrow } from './problem_filter.js';
import { recallRow, standingRecalls } from './recall_words.js';
import { problemWords } from './problem_words.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Problem, Reply } from '../types.js' */

/** So many are shown of each list, the newest. */
const SHOWN_MAX = 100;

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @returns {Promise<Html>}
 */
async function problemRow(ctx, problem) {
  const { t, fmt } = ctx;
  const { row } = problem;
  const { what, next } = problemWords(ctx, row.code);
  return html`<li><a class="row" id="p-${row.id}" href="/app/problems/${row.id}"><span class="row-words"><span class="row-name">${what}</span>
<span class="row-detail">${await about(ctx, problem)}</span>
${isOpen(problem) && html`<span class="row-detail">${next}</span>`}
<span class="row-detail">${stateChip(ctx, problem)}${row.assigned_to && isOpen(problem) && chip('info', 'person', t('Asked: {name}', { name: row.assigned_to }))}<span>${
  row.state === 'resolved' && row.resolved_at ? `${row.resolved_by} · ${fmt.dateTime(Date.parse(row.resolved_at))}` : fmt.dateTime(Date.parse(row.opened_at))}</span></span></span>${arrow()}</a></li>`;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function problemList(ctx) {
  const { t, tn, fmt } = ctx;
  const [all, recalls, messages] = await Promise.all([problems(), standingRecalls(), feedback()]);
  const unread = messages.filter(({ read_at }) => read_at === null);
  const open = all.filter(isOpen);
  const rest = all.filter((problem) => !isOpen(problem));
  const { shown, narrowed } = narrow(ctx, open);
  const rows = (/** @type {Problem[]} */ list) => Promise.all(list.slice(0, SHOWN_MAX).map((one) => problemRow(ctx, one)));
  const body = html`${ctx.query.get('saved') === 'decision' && notice('good', t('The decision is saved on this device.'))}
<div id="problems" class="stack" hx-get="/app/problems${ctx.url.search}" hx-trigger="bincard:status from:document, bincard:pulled from:document" hx-sync="this:replace" hx-target="this" hx-select="#problems" hx-swap="outerHTML">
${recalls.length > 0 && html`<section class="stack-tight"><h2>${t('Recalls')}</h2><ul class="rows">${recalls.map((one) => recallRow(ctx, one))}</ul></section>`}
${unread.length > 0 && html`<section class="stack-tight"><h2>${t('Messages')}</h2><ul class="rows">${await Promise.all(unread.map((one) => messageRow(ctx, one)))}</ul></section>`}
${open.length === 0 && unread.length === 0 && recalls.every(({ state }) => state === 'done') && empty('check', t('Nothing needs a look'), t('What looks wrong in what was recorded at this facility shows here, with what to do about it.'))}
${await filters(ctx, open, narrowed)}
${shown.length > 0 ? html`<ul class="rows">${await rows(shown)}</ul>` : narrowed && html`<p class="soft">${t('None of the open problems fits.')}</p>`}
${shown.length > SHOWN_MAX && html`<p class="soft">${tn('and {n} more', 'and {n} more', shown.length - SHOWN_MAX, { n: fmt.number(shown.length - SHOWN_MAX) })}</p>`}
${rest.length > 0 && html`<section class="stack-tight"><h2>${t('Decided')}</h2><ul class="rows">${await rows(rest)}</ul></section>`}
${messages.length > 0 && html`<p><a class="button" href="/app/messages">${icon('message')}${t('All messages')}</a></p>`}</div>`;
  return page(ctx, { title: t('Problems'), back: '/app', body });
}

route('GET', '/app/problems', problemList);
