/** /app/messages: what managers wrote to the facility; /app/messages/:id: one of them, and saying that it was read. */

import { html } from '../html.js';
import { invalid, notice as standIn, page, redirect } from '../layout.js';
import { append } from '../outbox.js';
import { route } from '../router.js';
import { cardView, feedback, product } from '../store.js';
import { icon } from '../sprite.js';
import { messageRow } from './message_row.js';
import { chip, empty, notice } from './parts.js';
import { savingFailed } from './saving.js';

/** @import { Ctx, Feedback, Page, Reply } from '../types.js' */

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function messageList(ctx) {
  const { t } = ctx;
  const all = await feedback();
  const body = all.length === 0 ? empty('message', t('No messages'), t('What a manager writes to this facility shows here.'))
    : html`${ctx.query.has('saved') && notice('good', t('Saved on this device.'))}<ul class="rows">${await Promise.all(all.map((one) => messageRow(ctx, one)))}</ul>`;
  return page(ctx, { title: t('Messages'), back: '/app/problems', body });
}

/**
 * @param {Ctx} ctx
 * @param {Feedback} message
 * @param {string} [failure]
 * @returns {Promise<Page>}
 */
async function screen(ctx, { id, text, author, at, about, read_at }, failure) {
  const { t, fmt } = ctx;
  const row = about === '' ? undefined : await product(about);
  const body = html`${failure && notice('bad', failure, { urgent: true })}<p class="soft">${author} · ${fmt.dateTime(Date.parse(at))}</p>
<div class="sheet"><p class="as-typed">${text}</p></div>
${about !== '' && html`<p class="strong">${row?.name ?? about}</p>`}${row && (await cardView(about)).length > 0 && html`<p><a class="button" href="/app/stock/${encodeURIComponent(about)}">${icon('card')}${t('Look at the card')}</a></p>`}
${read_at !== null && html`<p class="line">${chip('good', 'check', t('Read {when}', { when: fmt.dateTime(Date.parse(read_at)) }))}</p>`}`;
  return {
    title: t('Message'), back: '/app/messages', body,
    bar: read_at === null ? html`<form method="post" action="/app/messages/${id}"><button class="button button-primary">${icon('check')}${t('I have read it')}</button></form>` : null,
  };
}

/** @param {Ctx} ctx @returns {Promise<Feedback | undefined>} the one of the address */
async function asked({ params }) {
  return (await feedback()).find(({ id }) => id === params.id);
}

/** @param {Ctx} ctx @returns {Reply} */
function gone(ctx) {
  return standIn(ctx, 404, { title: ctx.t('Messages'), back: '/app/messages', body: html`<p>${ctx.t('This message is not on this device.')}</p>` });
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function messageOne(ctx) {
  const message = await asked(ctx);
  return message ? page(ctx, await screen(ctx, message)) : gone(ctx);
}

/** @param {Ctx} ctx @returns {Promise<Reply>} */
export async function messageRead(ctx) {
  const message = await asked(ctx);
  if (!message) return gone(ctx);
  // Read twice is read once: in another tab, say.
  if (message.read_at === null) {
    try {
      await append('feedback.read', { feedback: message.id });
    } catch (error) {
      return invalid(ctx, await screen(ctx, message, savingFailed(ctx, error)));
    }
  }
  return redirect('/app/messages?saved=1');
}

route('GET', '/app/messages', messageList);
route('GET', '/app/messages/:id', messageOne);
route('POST', '/app/messages/:id', messageRead);
