/** /app/problems/:id: one thing that looks wrong, whose it is, and deciding about it; the decision waits in the outbox. */

import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardView, getDraft, isOpen, problems, product, putDraft } from '../store.js';
import { factsOf } from '../facts.js';
import { icon } from '../sprite.js';
import { begin, sessions } from './count_session.js';
import { kindWords } from './operation_words.js';
import { fieldError, notice } from './parts.js';
import { about, productOf, stateChip } from './problem_parts.js';
import { actions, actionWords, decidedWords, HELD, problemWords } from './problem_words.js';
import { stepButtons } from './problem_steps.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, OutboxRecord, Page, Problem, Reply } from '../types.js' */

const NOTE_MAX = 400;
const LINES_SHOWN = 10;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** @param {Ctx} ctx @returns {Promise<Problem | undefined>} the one of the address */
async function asked({ params }) {
  return (await problems()).find(({ row }) => row.id === params.id);
}

/**
 * PURE: what this person may decide here. Letting in what somebody had no right to record needs that right oneself.
 *
 * @param {Pick<Ctx, 'me'>} ctx
 * @param {Problem} problem
 * @returns {string[]}
 */
export function choices({ me }, { row, decided, operation }) {
  const every = me.rights.includes('exception.resolve');
  const mine = row.code === 'variance_changed' && operation?.author === me.user;
  if ((!every && !me.rights.includes('exception.own')) || decided !== null || mine) return [];
  const kind = operation?.kind ?? row.detail.kind;
  const facility = operation ? JSON.parse(operation.text).facility : (row.detail.facility ?? me.facility);
  const may = every || ((typeof kind !== 'string' || me.rights.includes(kind)) && facility === me.facility);
  return actions(row.code).filter((action) => action !== 'release' || may);
}

/**
 * @param {Ctx} ctx
 * @param {OutboxRecord | null} record
 * @returns {Promise<Html | null>} an operation that was recorded here: what, who, when, its lines
 */
async function recorded(ctx, record) {
  if (!record) return null;
  const { t, tn, fmt } = ctx;
  const facts = factsOf(record.kind, JSON.parse(record.text).body, record);
  const lines = await Promise.all(facts.slice(0, LINES_SHOWN).map(async ({ product: code, lot, fact }) => {
    const figure = fact.type === 'count' ? `= ${fmt.number(fact.quantity)}` : `${fact.quantity > 0 ? '+' : '−'}${fmt.number(Math.abs(fact.quantity))}`;
    return html`<li class="row"><span class="row-words"><span class="row-name">${(await product(code))?.name ?? code}</span>${
      lot && html`<span class="row-detail">${t('Lot {number}', { number: lot })}</span>`}</span><span class="row-figure number">${figure}</span></li>`;
  }));
  const more = facts.length - lines.length;
  return html`<section class="stack-tight"><h2>${kindWords(ctx, record.kind)}</h2>
<p class="soft">${record.author} · ${fmt.dateTime(record.occurred_at)}</p>${lines.length > 0 && html`<ul class="rows">${lines}</ul>`}${
  more > 0 && html`<p class="soft">${tn('and {n} more line', 'and {n} more lines', more, { n: fmt.number(more) })}</p>`}</section>`;
}

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @returns {Html | null} what was decided, by whom and why
 */
function decision(ctx, { row, decided }) {
  const { t, fmt } = ctx;
  const body = decided ? JSON.parse(decided.text).body : null;
  if (!body && row.state !== 'resolved') return null;
  const by = decided ? decided.author : row.resolved_by;
  const at = decided ? decided.occurred_at : Date.parse(row.resolved_at ?? '');
  return html`<section class="stack-tight"><h2>${t('What was decided')}</h2><p class="strong">${decidedWords(ctx, body?.action ?? row.action)}</p>
<p class="soft">${by} · ${fmt.dateTime(at)}</p>${(body?.note ?? row.note) && html`<p>${body?.note ?? row.note}</p>`}</section>`;
}

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @param {{note: string, expiry: string}} typed
 * @param {string} [fault] what is wrong with the date
 * @returns {Html} the fields of the form but for its buttons
 */
function fields({ t, fmt }, { row }, typed, fault = '') {
  const dates = row.code === 'lot_expiry' && Array.isArray(row.detail.expiries) ? row.detail.expiries.filter((one) => DAY.test(one)) : [];
  return html`${row.code === 'lot_expiry' && html`<fieldset class="stack-tight"><legend class="field-label">${t('Which date is on the label?')}</legend>
${dates.map((date) => html`<label class="choice"><input type="radio" name="expiry" value="${date}"${date === typed.expiry && html` checked`}><span class="choice-words"><span class="strong">${fmt.date(date)}</span></span></label>`)}
${fieldError('expiry', fault)}</fieldset>`}
<div class="field"><label class="field-label" for="note">${t('Why, in a few words')}</label><textarea class="input" id="note" name="note" rows="2" maxlength="${NOTE_MAX}">${typed.note}</textarea></div>`;
}

/**
 * @param {Ctx} ctx
 * @param {Problem} problem
 * @param {{note: string, expiry: string}} typed
 * @param {{expiry?: string, failure?: string}} [faults]
 * @returns {Promise<Page>}
 */
async function screen(ctx, problem, typed, faults = {}) {
  const { t, me } = ctx;
  const { row } = problem;
  const here = `/app/problems/${row.id}`;
  const { what, next } = problemWords(ctx, row.code);
  const open = choices(ctx, problem);
  const code = productOf(problem);
  const steps = isOpen(problem) ? await stepButtons(ctx, problem, open.length > 0) : [];
  const own = row.code === 'variance_changed' && problem.operation?.author === me.user;
  const body = html`${faults.failure && notice('bad', faults.failure, { urgent: true })}
<p class="line">${stateChip(ctx, problem)}</p><p class="row-detail">${await about(ctx, problem)}</p>
${isOpen(problem) && next && html`<p>${next}</p>`}
${steps.length > 0 && html`<div class="stack-tight">${steps}</div>`}
${code && (await cardView(code)).length > 0 && html`<p><a class="button" href="/app/stock/${encodeURIComponent(code)}">${icon('card')}${t('Look at the card')}</a></p>`}
${decision(ctx, problem)}${await recorded(ctx, problem.operation)}${await recorded(ctx, problem.other)}
${own && notice('info', t('Somebody else must look at the difference of your own count.'))}
${open.length > 0 && html`<section class="stack-tight"><h2>${row.state === 'resolved' ? t('Decide otherwise') : t('Decide')}</h2>
<form method="post" action="${here}" id="decide" class="stack" data-draft="${here}/draft">${fields(ctx, problem, typed, faults.expiry)}
${inOrder(open).map((action) => html`<button class="button button-block${action === 'expiry' && ' button-primary'}" name="action" value="${action}">${actionWords(ctx, row.code, action)}</button>`)}</form></section>`}
${open.length === 0 && !own && isOpen(problem) && html`<p class="soft">${HELD.has(row.code) ? t('It is kept on the server until a manager decides.') : t('A manager decides about this.')}</p>`}`;
  return { title: what, back: '/app/problems', body };
}

/** @param {string[]} open @returns {string[]} the date first, for it is asked for just above */
function inOrder(open) {
  return open.includes('expiry') ? ['expiry', ...open.filter((action) => action !== 'expiry')] : open;
}

/** @param {Ctx} ctx @returns {Reply} */
function gone(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Problems'), back: '/app/problems', body: html`<p>${ctx.t('This problem is not there any more. It was put right.')}</p>` });
}

/** @param {Ctx} ctx */
function draftKey({ me, params }) {
  return `problem/${me.facility}/${me.user}/${params.id}`;
}

/** @param {URLSearchParams} form */
function typedIn(form) {
  return { note: form.get('note') ?? '', expiry: form.get('expiry') ?? '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function problemOne(ctx) {
  const problem = await asked(ctx);
  if (!problem) return gone(ctx);
  return page(ctx, await screen(ctx, problem, (await getDraft(draftKey(ctx))) ?? { note: '', expiry: '' }));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function problemDraft(ctx) {
  await putDraft(draftKey(ctx), typedIn(ctx.form));
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function problemDecide(ctx) {
  const { t } = ctx;
  const problem = await asked(ctx);
  if (!problem) return gone(ctx);
  const typed = typedIn(ctx.form);
  const action = ctx.form.get('action') ?? '';
  if (!choices(ctx, problem).includes(action)) {
    const failure = problem.decided !== null ? t('This was decided meanwhile. Nothing more was saved.') : t('You cannot decide this here. Nothing was saved.');
    return invalid(ctx, await screen(ctx, problem, typed, { failure }));
  }
  if (action === 'expiry' && !DAY.test(typed.expiry)) return invalid(ctx, await screen(ctx, problem, typed, { expiry: t('Choose the date that is on the label.') }));
  const body = { exception: problem.row.id, action, note: typed.note.trim().slice(0, NOTE_MAX), ...(action === 'expiry' && { expiry: typed.expiry }) };
  try {
    await append('exception.resolve', body, { drafts: { [draftKey(ctx)]: undefined } });
  } catch (error) {
    return invalid(ctx, await screen(ctx, problem, typed, { failure: savingFailed(ctx, error) }));
  }
  return redirect('/app/problems?saved=decision');
}

/** @param {Ctx} ctx @returns {Promise<Reply>} to the count of the product: one that goes on already, or a new one of it alone */
export async function problemCount(ctx) {
  const problem = await asked(ctx);
  const code = problem ? productOf(problem) : '';
  if (!problem || !(await product(code))) return gone(ctx);
  const under_way = (await sessions(ctx)).find((one) => one.finished_at === null && one.products.includes(code) && !(code in one.items));
  const session = under_way ?? (await begin(ctx, { scope: 'chosen', name: '', blind: false, products: [code] }));
  return redirect(`/app/count/${session.id}/item/${encodeURIComponent(code)}`);
}

route('GET', '/app/problems/:id', problemOne);
route('POST', '/app/problems/:id', problemDecide);
route('POST', '/app/problems/:id/draft', problemDraft);
route('POST', '/app/problems/:id/count', problemCount);
