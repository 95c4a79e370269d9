/** /app/count/:session/item/:product/lot: a lot on the shelf that is not on the list. */

import { clock } from '../clock.js';
import { localDate, parseExpiry } from '../expiry.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { getDraft, lotsOf, product, putDraft } from '../store.js';
import { icon } from '../sprite.js';
import { rowKey } from './count_entry.js';
import { noSuchCount } from './count_list.js';
import { entryKey, sessionOf } from './count_session.js';
import { expiryWords, textField } from './parts.js';

/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { EntryRow } from './count_entry.js' */
/** @import { Session } from './count_session.js' */

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {Product} row
 * @param {{number?: string | null, expiry?: string | null}} [errors]
 * @returns {Promise<Page>}
 */
async function lotPage(ctx, session, row, errors = {}) {
  const { t, form } = ctx;
  const item = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
  const known = (await lotsOf(row.code)).filter((lot) => lot.number !== '').slice(0, 50);
  const body = html`<p class="soft">${row.name}</p>
<form method="post" action="${item}/lot" id="lot" class="stack" novalidate>
${textField({ id: 'number', label: t('Lot number'), value: form.get('number') ?? '', hint: t('As printed on the pack, after LOT or B/N.'), error: errors.number, list: 'known', length: 20, focus: !errors.expiry })}
<datalist id="known">${known.map((lot) => html`<option value="${lot.number}"></option>`)}</datalist>
${textField({ id: 'expiry', label: t('Expiry'), value: form.get('expiry') ?? '', hint: t('Month and year, such as 04/27. A month means its last day.'), error: errors.expiry, length: 10 })}
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
  const number = (ctx.form.get('number') ?? '').trim();
  const typed = (ctx.form.get('expiry') ?? '').trim();
  const known = (await lotsOf(row.code)).find((lot) => lot.number === number);
  const read = typed === '' ? null : parseExpiry(typed, localDate(clock.now()));
  const errors = {
    number: number === '' ? t('Enter the lot number. If there is none, go back and use the row without one.') : null,
    expiry: read && !read.ok ? expiryWords(ctx, read.error)
      : read === null && !known ? t('Enter the expiry that is printed on the pack.') : null,
  };
  if (errors.number !== null || errors.expiry !== null) return invalid(ctx, await lotPage(ctx, session, row, errors));
  /** @type {EntryRow[]} */
  const rows = (await getDraft(entryKey(session.id, row.code)))?.rows ?? [];
  const added = { lot: number, expiry: read?.ok ? read.date : known?.expiry ?? null, location: '', account: '', typed: '' };
  if (!rows.some((one) => rowKey(one) === rowKey(added))) {
    await putDraft(entryKey(session.id, row.code), { rows: [...rows, added] });
  }
  return redirect(`/app/count/${session.id}/item/${encodeURIComponent(row.code)}`);
}

route('GET', '/app/count/:session/item/:product/lot', countLot);
route('POST', '/app/count/:session/item/:product/lot', countLotAdd);
