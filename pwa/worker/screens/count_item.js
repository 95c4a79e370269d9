/** /app/count/:session/item/:product: the lots of one product, a figure beside each, and on to the next. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardView, getDraft, largestSeen, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { absurd, checkEntry, rowKey, rowsOfForm, rowsToCount } from './count_entry.js';
import { settled, turn } from './count_pair.js';
import { asksWhy, keepTally, onward, saveItem } from './count_save.js';
import { within } from './count_scope.js';
import { entryKey, inSession, progress, sessionOf } from './count_session.js';
import { noSuchCount } from './count_words.js';
import { figureField, keypad } from './keypad.js';
import { chip, expiryChip, fieldError, notice, quantityWords, question } from './parts.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */
/** @import { EntryRow, Fault } from './count_entry.js' */
/** @import { Session } from './count_session.js' */

/**
 * @typedef {object} ItemState
 * @property {Session} session
 * @property {Product} row
 * @property {CardView[]} cards that are seen in this count
 * @property {EntryRow[]} rows
 * @property {ReturnType<typeof turn>} role
 */

/**
 * @typedef {object} Faults
 * @property {Map<number, Fault>} [faults]
 * @property {number[]} [unseen]
 * @property {{row: number, value: number, largest: number}} [huge]
 * @property {boolean} [meanwhile] somebody counted it since the screen was opened
 * @property {string} [failure] why nothing was saved
 */

/**
 * @param {ItemState} state
 * @returns {boolean} whether nothing but the shelf may tell the counter what to expect
 */
function blind({ session, role }) {
  return session.blind || role === 'second';
}

/**
 * @param {Ctx} ctx
 * @param {ItemState} state
 * @param {EntryRow} entry
 * @param {number} i
 * @param {{words: string | null, focus: boolean}} told
 */
function lotRow(ctx, state, entry, i, { words, focus }) {
  const { t, fmt } = ctx;
  const card = state.cards.find((one) => rowKey(one) === rowKey(entry));
  const name = entry.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: entry.lot });
  return html`<li><label class="lot" for="figure-${i}"><span class="lot-words"><span class="lot-number"><bdi>${name}</bdi></span>
<span class="row-detail">${entry.lot !== '' && expiryChip(ctx, entry.expiry)}${entry.location && html`<span>${entry.location}</span>`}${entry.account && html`<span>${entry.account}</span>`}
${card && !blind(state) ? html`<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span>` : !card && entry.lot !== '' ? chip('info', 'plus', t('Added')) : null}</span></span>
${figureField({ id: `figure-${i}`, name: 'counted', value: entry.typed, label: t('{lot}: how many are there?', { lot: name }), error: words, focus })}
${fieldError(`figure-${i}`, words)}</label>
<input type="hidden" name="card" value="${rowKey(entry)}"><input type="hidden" name="expiry" value="${entry.expiry ?? ''}"></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {Promise<Html | null>} what was saved just before
 */
export async function justSaved(ctx, session) {
  const code = ctx.query.get('done');
  const row = code === null ? undefined : await product(code);
  if (code === null || !row) return null;
  const item = session.items[code];
  const own = item ?? session.pairs[code]?.tallies.find(({ by }) => by === ctx.me.user);
  if (!own) return null;
  const told = { name: row.name, n: ctx.fmt.number(own.lines.reduce((sum, line) => sum + line.counted, 0)) };
  const words = !item ? ctx.t('Kept for the second person: {n}, {name}', told) : item.also ? ctx.t('Two agree, saved: {n}, {name}', told) : ctx.t('Saved: {n}, {name}', told);
  return html`<p class="just-saved" role="status">${icon('check')}<span>${words}</span></p>`;
}

/**
 * @param {Session} session
 * @param {string} code
 * @returns {string} changes when somebody counts the product
 */
function stamp({ items, pairs }, code) {
  return String(items[code]?.at ?? pairs[code]?.tallies.at(-1)?.at ?? '');
}

/**
 * @param {Ctx} ctx
 * @param {ItemState} state
 * @param {Faults} faults
 * @returns {Html | null} what one should know before counting this product
 */
function before(ctx, { session, row, role }, { meanwhile }) {
  const { t, fmt } = ctx;
  const item = session.items[row.code];
  const [first] = session.pairs[row.code]?.tallies ?? [];
  const last = item ?? first;
  if (meanwhile && last) {
    const told = { name: last.by, time: fmt.time(last.at), n: fmt.number(last.lines.reduce((sum, line) => sum + line.counted, 0)) };
    return question('item', role === 'second' ? t('{name} counted this at {time}, while this screen was open. Yours is then the second count.', told)
      : t('{name} counted this at {time}, while this screen was open: {n}. Is yours the newer count?', told), { name: 'go', value: 'save', words: role === 'second' ? t('Go on') : t('Yes: save mine too') });
  }
  if (item) return notice('info', t('Counted at {time} by {name}. Saving again makes a new count, which replaces it.', { time: fmt.time(item.at), name: item.by }));
  if (role === 'second' && first) return notice('info', t('The second count, after {name}: only what you see.', { name: first.by }));
  if (role === 'first' && first) return notice('info', t('You have counted this: {n}. A second person counts it now. You may still correct yours.', { n: fmt.number(first.lines.reduce((sum, line) => sum + line.counted, 0)) }));
  return null;
}

/**
 * @param {Ctx} ctx
 * @param {ItemState} state
 * @param {Faults} [wrong]
 * @returns {Promise<Page>}
 */
async function itemPage(ctx, state, wrong = {}) {
  const { t, tn, fmt } = ctx;
  const { session, row, rows } = state;
  const { faults, unseen = [], huge, meanwhile, failure } = wrong;
  const here = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
  const { counted, of } = progress(session);
  const asked = unseen.length > 0 || huge !== undefined || meanwhile === true;
  const first = faults && faults.size > 0 ? Math.min(...faults.keys()) : undefined;
  const aimed = rows.findIndex((entry) => entry.lot !== '' && entry.lot === ctx.query.get('scanned'));
  const focus = asked ? -1 : first ?? (aimed >= 0 ? aimed : Math.max(0, rows.findIndex((entry) => entry.typed === '')));
  /** @param {number} i */
  const words = (i) => {
    const fault = faults?.get(i);
    if (fault) return quantityWords(ctx, fault);
    return unseen.includes(i) ? t('No figure yet.') : huge?.row === i ? t('Is this right?') : null;
  };
  const body = html`${failure && notice('bad', failure, { urgent: true })}${await justSaved(ctx, session)}
<p class="soft small"><span>${t('{n} of {m} counted', { n: fmt.number(counted), m: fmt.number(of) })}</span> · <span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span>${
  row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`}</p>
${before(ctx, state, wrong)}
${unseen.length > 0 && question('item', tn('One lot of the book has no figure. Is there none of it on the shelf?', '{n} lots of the book have no figure. Is there none of them on the shelf?', unseen.length, { n: fmt.number(unseen.length) }),
    { name: 'go', value: 'zero', words: t('There is none: save 0') })}
${huge && question('item', t('{n} is more than ten times the most that this device ever saw of it. Is it right?', { n: fmt.number(huge.value) }), { name: 'go', value: 'save', words: t('It is right: save it') })}
<form method="post" action="${here}" id="item" class="stack-tight${asked && ' keys-later'}" data-draft="${here}/draft" novalidate>
<button class="hidden-words" name="go" value="save" tabindex="-1" aria-hidden="true"></button>
<input type="hidden" name="seen" value="${stamp(session, row.code)}">${huge && html`<input type="hidden" name="sure" value="${huge.value}">`}
<ul class="lots">${rows.map((entry, i) => lotRow(ctx, state, entry, i, { words: words(i), focus: i === focus }))}</ul>
<button class="button" name="go" value="lot">${icon('plus')}${t('Add a lot')}</button></form>`;
  return {
    title: row.name, back: `/app/count/${session.id}`, body,
    bar: html`${keypad(ctx, rows.length > 1 ? { next: t('Next lot') } : {})}<button class="button button-primary" form="item" name="go" value="save" data-keypad-save>${icon('check')}${t('Save and next')}</button>`,
  };
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<ItemState | Reply>}
 */
async function stateOf(ctx) {
  const session = await sessionOf(ctx);
  const row = await product(ctx.params.product ?? '');
  if (!session || !row) return noSuchCount(ctx);
  if (session.finished_at !== null) return redirect(`/app/count/${session.id}/summary`);
  const cards = within(session, await cardView(row.code));
  const role = turn(session, row.code, ctx.me.user);
  const key = entryKey(session, row.code, ctx.me.user);
  const rows = ctx.method === 'POST' ? rowsOfForm(ctx.form)
    : rowsToCount(cards, (await getDraft(key))?.rows ?? [], session.scope === 'shelf' ? session.name : '');
  if (role !== 'decide') return { session, row, cards, rows, role };
  // Two have counted it, perhaps while this one was typing: what was typed is there if it is counted anew.
  if (ctx.method === 'POST') await putDraft(key, { rows });
  const { code } = row;
  return redirect(`/app/count/${session.id}/item/${encodeURIComponent(code)}/${settled(session.pairs[code]) ? 'why' : 'decide'}`);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countItem(ctx) {
  const state = await stateOf(ctx);
  return 'status' in state ? state : page(ctx, await itemPage(ctx, state));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function countItemDraft(ctx) {
  const state = await stateOf(ctx);
  if (!('status' in state)) await putDraft(entryKey(state.session, state.row.code, ctx.me.user), { rows: state.rows });
  return { status: 204, headers: {}, body: '' };
}

/**
 * @param {Ctx} ctx
 * @param {ItemState} state
 * @returns {Promise<Faults | null>} what keeps the figures from being saved, or must be asked first
 */
async function faultsOf({ form }, { session, row, cards, rows }) {
  const { faults, unseen } = checkEntry(rows, cards, form.get('go') === 'zero');
  if (faults.size > 0 || unseen.length > 0) return { faults, unseen };
  if (form.get('seen') !== null && form.get('seen') !== stamp(session, row.code)) return { meanwhile: true };
  // Most figures are near the book: what was ever seen is looked up for the others.
  if (!absurd(rows, cards.reduce((sum, card) => sum + Math.max(0, card.on_hand), 0) || 1)) return null;
  const largest = await largestSeen(row.code);
  const huge = absurd(rows, largest);
  return huge && huge.value > Number(form.get('sure') ?? 0) ? { huge: { ...huge, largest } } : null;
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countItemSave(ctx) {
  return inSession(ctx, async () => {
    const state = await stateOf(ctx);
    if ('status' in state) return state;
    const { session, row, cards, rows, role } = state;
    const { code } = row;
    const here = `/app/count/${session.id}/item/${encodeURIComponent(code)}`;
    const key = entryKey(session, code, ctx.me.user);
    if (ctx.form.get('go') === 'lot') {
      await putDraft(key, { rows });
      return redirect(`${here}/lot`);
    }
    const wrong = await faultsOf(ctx, state);
    const zero = ctx.form.get('go') === 'zero';
    const sure = zero ? rows.map((entry) => (entry.typed === '' && cards.some((card) => rowKey(card) === rowKey(entry)) ? { ...entry, typed: '0' } : entry)) : rows;
    if (wrong) return invalid(ctx, await itemPage(ctx, { ...state, rows: sure }, wrong));
    const { lines } = checkEntry(rows, cards, zero);
    try {
      if (role === 'alone') {
        if (!(await asksWhy(session, code, lines))) return redirect(onward(ctx, await saveItem(ctx, session, code, lines), code));
        await putDraft(key, { rows: sure });
        return redirect(`${here}/why`);
      }
      const after = await keepTally(ctx, session, code, lines);
      const agreed = settled(after.pairs[code]);
      if (role === 'first') return redirect(onward(ctx, after, code));
      if (!agreed) return redirect(`${here}/decide`);
      if (await asksWhy(session, code, agreed)) return redirect(`${here}/why`);
      return redirect(onward(ctx, await saveItem(ctx, after, code, agreed), code));
    } catch (error) {
      return invalid(ctx, await itemPage(ctx, state, { failure: savingFailed(ctx, error) }));
    }
  });
}

route('GET', '/app/count/:session/item/:product', countItem);
route('POST', '/app/count/:session/item/:product', countItemSave);
route('POST', '/app/count/:session/item/:product/draft', countItemDraft);
