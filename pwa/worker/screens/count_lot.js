/** /app/count/:session/item/:product/lot: a lot on the shelf that is not on the list. */

import { clock } from '../clock.js';
import { YEARS_AHEAD_MAX, localDate, parseExpiry } from '../expiry.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { getDraft, lotsOf, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { entryKey, sessionOf } from './count_session.js';
import { noSuchCount } from './count_words.js';
import { expiryWords, question, textField } from './parts.js';

/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { EntryRow } from './count_entry.js' */
/** @import { Session } from './count_session.js' */

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {Product} row
 * @param {{number?: string | null, expiry?: string | null, far?: boolean}} [errors] far: an expiry that is asked about, not refused
 * @returns {Promise<Page>}
 */
async function lotPage(ctx, session, row, errors = {}) {
  const { t, form } = ctx;
  const item = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
  const known = (await lotsOf(row.code)).filter((lot) => lot.number !== '').slice(0, 50);
  const expiry = form.get('expiry') ?? '';
  const body = html`<p class="soft">${row.name}</p>
${errors.far && !errors.number && question('lot', t('This expiry is more than {n} years ahead. Is it really what the label says?', { n: YEARS_AHEAD_MAX }), { name: 'sure', value: expiry.trim(), words: t('Yes, it says so') })}
<form method="post" action="${item}/lot" id="lot" class="stack" novalidate>
${textField({ id: 'number', label: t('Lot number'), value: form.get('number') ?? '', hint: t('As printed on the pack, after LOT or B/N.'), error: errors.number, list: 'known', length: 20, focus: !errors.expiry })}
<datalist id="known">${known.map((lot) => html`<option value="${lot.number}"></option>`)}</datalist>
${textField({ id: 'expiry', label: t('Expiry'), value: expiry, hint: t('Month and year, such as 04/27. A month means its last day.'), error: errors.expiry, length: 10 })}
</form>`;
  return {
    title: t('Add a lot'), back: item, body,
    bar: html`<button class="button button-primary" form="lot">${icon('plus')}${t('Add this lot')}</button>`,
  };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countLot(ctx) {
  const session = await sessionOf(ctx);
  const row = await product(ctx.params.product ?? '');
  if (!session || !row) return noSuchCount(ctx);
  return page(ctx, await lotPage(ctx, session, row));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countLotAdd(ctx) {
  const { t } = ctx;
  const session = await sessionOf(ctx);
  const row = await product(ctx.params.product ?? '');
  if (!session || !row) return noSuchCount(ctx);
  // The same letters may be typed in several ways (é as one character or two), and must not make two lots.
  const number = (ctx.form.get('number') ?? '').normalize('NFC').replace(/\s+/gu, ' ').trim();
  const typed = (ctx.form.get('expiry') ?? '').trim();
  const today = localDate(clock.now());
  const known = (await lotsOf(row.code)).find((lot) => lot.number === number);
  const sure = ctx.form.get('sure') === typed;
  const read = typed === '' ? null : parseExpiry(typed, today, { far: sure });
  const far = read !== null && !read.ok && read.error === 'far' && parseExpiry(typed, today, { far: true }).ok;
  const errors = {
    far,
    number: number === '' ? t('Enter the lot number. If there is none, go back and use the row without one.') : null,
    expiry: far ? t('Is this right?') : read && !read.ok ? expiryWords(ctx, read.error)
      : read === null && !known ? t('Enter the expiry that is printed on the pack.') : null,
  };
  if (errors.number || errors.expiry) return invalid(ctx, await lotPage(ctx, session, row, errors));
  const key = entryKey(session, row.code, ctx.me.user);
  /** @type {EntryRow[]} */
  const rows = (await getDraft(key))?.rows ?? [];
  const added = { lot: number, expiry: read?.ok ? read.date : known?.expiry ?? null, location: session.scope === 'shelf' ? session.name : '', account: '', typed: '' };
  if (!rows.some((one) => rowKey(one) === rowKey(added))) {
    await putDraft(key, { rows: [...rows, added] });
  }
  return redirect(`/app/count/${session.id}/item/${encodeURIComponent(row.code)}`);
}

route('GET', '/app/count/:session/item/:product/lot', countLot);
route('POST', '/app/count/:session/item/:product/lot', countLotAdd);
