/** What became of a file that was taken in, in words. */

import { html } from '../html.js';
import { notice } from './parts.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx } from '../types.js' */

/**
 * Why a file was refused, here or by the server, and what to do.
 *
 * @param {Ctx} ctx
 * @param {{code: string, detail: string}} refusal
 * @returns {string}
 */
export function refusalWords({ t }, { code, detail }) {
  /** @type {Record<string, string>} */
  const words = {
    empty: t('This file is empty. Copy it once more.'),
    unreadable: t('This is no file of Bincard, or it was damaged on the way. Copy it once more.'),
    unreadable_part: t('This is no file of Bincard, or it was damaged on the way. Copy it once more.'),
    unknown_format: t('This file was made by another version of Bincard. Update this app, then try again.'),
    not_whole: t('A part of this file is missing. Copy it once more.'),
    own_file: t('This file was saved on this very tablet. Bring it to a tablet that has a network, or to the office; what comes back are its answers.'),
    answers_of_other: t('These answers are for another tablet, or for this one before it was enrolled anew. Take them in there.'),
    bad_seal: t('The seal of this file is not right: it was changed on the way. Copy it once more from where it was made.'),
    old_answers: t('These answers are of before the server was restored. Save what waits to a new file and send that.'),
    carried_revoked: t('The tablet that made this file was revoked. Ask your manager.'),
    carried_unknown: t('The server does not know the tablet that made this file. Ask your manager.'),
  };
  return words[code] ?? detail;
}

/**
 * @param {Ctx} ctx of a page that follows taking in
 * @returns {Html | null}
 */
export function takenWords({ t, tn, fmt, query, sync }) {
  const n = Number(query.get('n'));
  const settled = n === 0 ? t('What this file answers was known already.')
    : tn('{n} operation was answered.', '{n} operations were answered.', n, { n: fmt.number(n) });
  switch (query.get('took')) {
    case 'answers': return notice('good', html`<p>${settled}</p>${sync.waiting > 0 && html`<p>${t('What you recorded since still waits.')}</p>`}`, { urgent: true });
    case 'again': return notice('warn', html`<p>${settled}</p><p>${t('The server asks for more: save what waits to a new file and send that.')}</p>`, { urgent: true });
    case 'copied': return notice('warn', html`<p>${settled}</p><p>${t('This app is a copy of another one. Sign in again to go on.')}</p>`, { urgent: true });
    case 'other': return notice('good', html`<p>${t('Taken in. It is sent as soon as there is a network; then its answers stand below.')}</p>`, { urgent: true });
    case 'known': return notice('info', html`<p>${t('This file was taken in before. Nothing is sent twice.')}</p>`, { urgent: true });
    default: return null;
  }
}
