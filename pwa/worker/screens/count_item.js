/** /app/count/:session/item/:product: the lots of one product, a figure beside each, and on to the next. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { clock } from '../clock.js';
import { cardView, getDraft, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { checkEntry, rowKey, rowsOfForm, rowsToCount, wireLines } from './count_entry.js';
import { noSuchCount } from './count_list.js';
import { entryKey, nextToCount, progress, sessionKey, sessionOf } from './count_session.js';
import { figureField, keypad } from './keypad.js';
import { chip, expiryChip, fieldError, notice, quantityWords, question } from './parts.js';
import { savingFailed } from './saving.js';

/** @import { Html } from '../html.js' */
/** @import { CardView, Ctx, Page, Product, Reply } from '../types.js' */
/** @import { EntryRow, Fault } from './count_entry.js' */
/** @import { CountedItem, Session } from './count_session.js' */

/**
 * @typedef {object} ItemState
 * @property {Session} session
 * @property {Product} row
 * @property {CardView[]} cards
 * @property {EntryRow[]} rows
 * @property {Map<number, Fault>} [faults]
 * @property {number[]} [unseen]
 * @property {string} [failure] why nothing was saved
 */

/**
 * @param {Ctx} ctx
 * @param {ItemState} state
 * @param {EntryRow} entry
 * @param {number} i
 * @param {boolean} focus
 */
function lotRow(ctx, { session, cards, faults, unseen }, entry, i, focus) {
  const { t, fmt } = ctx;
  const card = cards.find((one) => rowKey(one) === rowKey(entry));
  const fault = faults?.get(i);
  const words = fault ? quantityWords(ctx, fault) : unseen?.includes(i) ? t('No figure yet.') : null;
  const name = entry.lot === '' ? t('Without a lot number') : t('Lot {number}', { number: entry.lot });
  return html`<li><label class="lot" for="figure-${i}"><span class="lot-words"><span class="lot-number">${name}</span>
<span class="row-detail">${entry.lot !== '' && expiryChip(ctx, entry.expiry)}${entry.location && html`<span>${entry.location}</span>`}${entry.account && html`<span>${entry.account}</span>`}
${card && !session.blind ? html`<span>${t('On the book: {n}', { n: fmt.number(card.on_hand) })}</span>` : !card && entry.lot !== '' ? chip('info', 'plus', t('Added')) : null}</span></span>
${figureField({ id: `figure-${i}`, name: 'counted', value: entry.typed, label: t('{lot}: how many are there?', { lot: name }), error: words, focus })}
${fieldError(`figure-${i}`, words)}</label>
<input type="hidden" name="card" value="${rowKey(entry)}"><input type="hidden" name="expiry" value="${entry.expiry ?? ''}"></li>`;
}

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @returns {Promise<Html | null>} what was saved just before
 */
async function justSaved(ctx, session) {
  const code = ctx.query.get('done');
  const item = code === null ? undefined : session.items[code];
  const row = code === null ? undefined : await product(code);
  if (!item || !row) return null;
  const n = item.lines.reduce((sum, line) => sum + line.counted, 0);
  return html`<p class="just-saved" role="status">${icon('check')}<span>${ctx.t('Saved: {n}, {name}', { name: row.name, n: ctx.fmt.number(n) })}</span></p>`;
}

/**
 * @param {Ctx} ctx
 * @param {ItemState} state
 * @returns {Promise<Page>}
 */
async function itemPage(ctx, state) {
  const { t, tn, fmt } = ctx;
  const { session, row, rows, faults, unseen = [], failure } = state;
  const here = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
  const { counted, of } = progress(session);
  const before = session.items[row.code];
  const wrong = faults && faults.size > 0 ? Math.min(...faults.keys()) : undefined;
  const aimed = rows.findIndex((entry) => entry.lot !== '' && entry.lot === ctx.query.get('scanned'));
  const focus = unseen.length > 0 ? -1 : wrong ?? (aimed >= 0 ? aimed : Math.max(0, rows.findIndex((entry) => entry.typed === '')));
  const body = html`${failure && notice('bad', failure, { urgent: true })}${await justSaved(ctx, session)}
<p class="soft small"><span>${t('{n} of {m} counted', { n: fmt.number(counted), m: fmt.number(of) })}</span> · <span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span>${
  row.pack_size !== null && row.pack_size > 1 && html` · <span>${t('pack of {n}', { n: fmt.number(row.pack_size) })}</span>`}</p>
${before && notice('info', t('Counted at {time}. Saving again makes a new count, which replaces it.', { time: fmt.time(before.at) }))}
${unseen.length > 0 && question('item', tn('One lot of the book has no figure. Is there none of it on the shelf?', '{n} lots of the book have no figure. Is there none of them on the shelf?', unseen.length, { n: fmt.number(unseen.length) }),
    { name: 'go', value: 'zero', words: t('There is none: save 0') })}
<form method="post" action="${here}" id="item" class="stack-tight${unseen.length > 0 ? ' keys-later' : ''}" data-draft="${here}/draft" novalidate>
<button class="hidden-words" name="go" value="save" tabindex="-1" aria-hidden="true"></button>
<ul class="lots">${rows.map((entry, i) => lotRow(ctx, state, entry, i, i === focus))}</ul>
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
  const cards = await cardView(row.code);
  const kept = ctx.method === 'POST' ? rowsOfForm(ctx.form) : (await getDraft(entryKey(session.id, row.code)))?.rows ?? [];
  return { session, row, cards, rows: ctx.method === 'POST' ? kept : rowsToCount(cards, kept) };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countItem(ctx) {
  const state = await stateOf(ctx);
  return 'status' in state ? state : page(ctx, await itemPage(ctx, state));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} nothing to show: the page keeps what is being typed */
export async function countItemDraft(ctx) {
  const state = await stateOf(ctx);
  if ('status' in state) return { status: 204, headers: {}, body: '' };
  await putDraft(entryKey(state.session.id, state.row.code), { rows: state.rows });
  return { status: 204, headers: {}, body: '' };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countItemSave(ctx) {
  const state = await stateOf(ctx);
  if ('status' in state) return state;
  const { session, row, cards, rows } = state;
  const go = ctx.form.get('go');
  if (go === 'lot') {
    await putDraft(entryKey(session.id, row.code), { rows });
    return redirect(`/app/count/${session.id}/item/${encodeURIComponent(row.code)}/lot`);
  }
  const { faults, unseen, lines } = checkEntry(rows, cards, go === 'zero');
  if (faults.size > 0 || unseen.length > 0) return invalid(ctx, await itemPage(ctx, { ...state, faults, unseen }));
  /** @type {CountedItem} */
  const item = { at: clock.now(), lines };
  const after = { ...session, items: { ...session.items, [row.code]: item } };
  if (!after.products.includes(row.code)) after.products = [...after.products, row.code];
  try {
    await append('stock.count', { session: session.id, lines: wireLines(row.code, lines) }, {
      drafts: { [sessionKey(session.id)]: after, [entryKey(session.id, row.code)]: undefined },
    });
  } catch (error) {
    return invalid(ctx, await itemPage(ctx, { ...state, failure: savingFailed(ctx, error) }));
  }
  const next = nextToCount(after, row.code);
  const done = `?done=${encodeURIComponent(row.code)}`;
  return redirect(next === null ? `/app/count/${session.id}/summary${done}`
    : `/app/count/${session.id}/item/${encodeURIComponent(next)}${done}`);
}

route('GET', '/app/count/:session/item/:product', countItem);
route('POST', '/app/count/:session/item/:product', countItemSave);
route('POST', '/app/count/:session/item/:product/draft', countItemDraft);
