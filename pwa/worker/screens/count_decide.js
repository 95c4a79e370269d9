/** /app/count/:session/item/:product/decide: two people saw different figures; both are shown, and one is right or neither is. */

import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { cardView, product } from '../store.js';
import { icon } from '../sprite.js';
import { asOfNow, settled, sideBySide, turn } from './count_pair.js';
import { asksWhy, keepPair, onward, saveItem } from './count_save.js';
import { within } from './count_scope.js';
import { inSession, nextToCount, sessionOf } from './count_session.js';
import { noSuchCount } from './count_words.js';
import { chip, expiryChip, notice } from './parts.js';
import { savingFailed } from './saving.js';

/** @import { Ctx, Page, Product, Reply } from '../types.js' */
/** @import { Pair, Session } from './count_session.js' */

/**
 * @param {Ctx} ctx
 * @param {Session} session
 * @param {Product} row
 * @param {Pair} pair of two
 * @param {string} [failure]
 * @returns {Promise<Page>}
 */
async function decidePage(ctx, session, row, pair, failure) {
  const { t, fmt } = ctx;
  const { tallies } = pair;
  const here = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
  const next = nextToCount(session, ctx.me.user, row.code);
  /** @param {number | null} n */
  const figure = (n) => (n === null ? '–' : fmt.number(n));
  const books = tallies.map(({ lines }) => lines.reduce((sum, line) => sum + (line.book ?? 0), 0));
  const between = (books[1] ?? 0) - (books[0] ?? 0);
  const body = html`${failure && notice('bad', failure, { urgent: true })}
<p class="soft small"><span class="code">${row.code}</span> · <span>${row.dispensing_unit}</span></p>
${notice('warn', t('The two counts differ. Look at the shelf together, then say which figure is right. Nothing is saved yet.'))}
${between !== 0 && notice('info', between < 0 ? t('Between the two counts {n} left the shelf. That is allowed for.', { n: fmt.number(-between) }) : t('Between the two counts {n} came in. That is allowed for.', { n: fmt.number(between) }))}
<div class="table-frame"><table class="table"><thead><tr><th scope="col">${t('Lot')}</th>${tallies.map(({ by, at }) => html`<th scope="col" class="number">${by}<br>${fmt.time(at)}</th>`)}</tr></thead>
<tbody>${sideBySide(pair).map((line) => html`<tr><th scope="row"><bdi>${line.lot === '' ? t('Without a lot number') : line.lot}</bdi>${line.lot !== '' && html`<span class="row-detail">${expiryChip(ctx, line.expiry)}</span>`}${
  line.counted[0] !== line.counted[1] && html`<span class="row-detail">${chip('warn', 'alert', t('Differs'))}</span>`}</th>${line.counted.map((n) => html`<td class="number strong">${figure(n)}</td>`)}</tr>`)}</tbody></table></div>
<form method="post" action="${here}/decide" class="stack-tight">${tallies.map(({ by, lines }, i) => html`<button class="button button-block" name="right" value="${i}">${icon('check')}${t('{name} is right: {n}', { name: by, n: fmt.number(lines.reduce((sum, line) => sum + line.counted, 0)) })}</button>`)}</form>`;
  return {
    title: row.name, back: `/app/count/${session.id}`, body,
    bar: html`${next !== null && html`<a class="button" href="/app/count/${session.id}/item/${encodeURIComponent(next)}">${t('Later: the next')}</a>`}
<form method="post" action="${here}/decide"><button class="button button-primary" name="right" value="neither">${icon('count')}${t('Count it anew')}</button></form>`,
  };
}

/**
 * @param {Ctx} ctx
 * @returns {Promise<{session: Session, row: Product, pair: Pair} | Reply>}
 */
async function asked(ctx) {
  const session = await sessionOf(ctx);
  const row = await product(ctx.params.product ?? '');
  if (!session || !row) return noSuchCount(ctx);
  if (session.finished_at !== null) return redirect(`/app/count/${session.id}/summary`);
  const pair = session.pairs[row.code];
  // Decided meanwhile, in another tab or by the other person; a figure that lacks its reason may still be counted anew.
  const over = settled(pair) && ctx.form.get('right') !== 'neither';
  if (!pair || turn(session, row.code, ctx.me.user) !== 'decide' || over) return redirect(`/app/count/${session.id}/item/${encodeURIComponent(row.code)}`);
  return { session, row, pair };
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countDecide(ctx) {
  const state = await asked(ctx);
  return 'status' in state ? state : page(ctx, await decidePage(ctx, state.session, state.row, state.pair));
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function countDecided(ctx) {
  return inSession(ctx, async () => {
    const state = await asked(ctx);
    if ('status' in state) return state;
    const { session, row, pair } = state;
    const here = `/app/count/${session.id}/item/${encodeURIComponent(row.code)}`;
    const right = ctx.form.get('right');
    if (right === 'neither') {
      await keepPair(ctx, session, row.code, null);
      return redirect(here);
    }
    if (right !== '0' && right !== '1') return invalid(ctx, await decidePage(ctx, session, row, pair));
    try {
      const after = await keepPair(ctx, session, row.code, { ...pair, chosen: Number(right) });
      const lines = asOfNow(settled(after.pairs[row.code]) ?? [], within(session, await cardView(row.code)));
      if (await asksWhy(session, row.code, lines)) return redirect(`${here}/why`);
      return redirect(onward(ctx, await saveItem(ctx, after, row.code, lines), row.code));
    } catch (error) {
      return invalid(ctx, await decidePage(ctx, session, row, pair, savingFailed(ctx, error)));
    }
  });
}

route('GET', '/app/count/:session/item/:product/decide', countDecide);
route('POST', '/app/count/:session/item/:product/decide', countDecided);
