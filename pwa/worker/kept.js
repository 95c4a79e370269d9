/**
 * Forms that met the lock: what was typed is put into a box that only its owner opens, and is there again, or goes on,
 * when they are back.
 */

import { nextId, randomBytes } from './ids.js';
import { clock } from './clock.js';
import { boxFor, openBox } from './seal.js';
import { deleteDraft, drafts, getMeta, putDraft } from './store/meta.js';
import { personRows } from './store/people.js';

/** @import { Keys } from './people.js' */

/**
 * @typedef {object} Kept
 * @property {'sent' | 'typed'} how sent: it goes on; typed: it stands in its form again
 * @property {string} path of the form that was sent, or of the screen that it was typed on
 * @property {[string, string][]} fields of one that was sent
 * @property {{action: string, fields: [string, string][]}[]} forms with something typed in them
 */

/** @typedef {Kept & {draft: string}} Found draft: where it is kept */

/** The draft of the form that goes on right now: what is saved by it takes it away in the same transaction. */
let going = '';

/** What is typed stands again here, once the screen is shown. @type {(Found & {id: string}) | null} */
let waiting = null;

/**
 * @param {string} id of the person whose it is; '' for whoever was signed in last
 * @param {Kept} form
 */
export async function keepForm(id, form) {
  const last = await getMeta('person');
  const row = (await personRows()).find((one) => (id === '' ? one.user === last : one.id === id));
  // A page of someone who is of this device no more: there is nobody to give it back to.
  if (!row) return;
  const draft = `kept/${row.id}/${form.how === 'typed' ? 'typed' : nextId(undefined, clock.now(), randomBytes())}`;
  await putDraft(draft, await boxFor(row.public, form, draft));
}

/**
 * @param {Keys} keys of whoever has just signed in
 * @returns {Promise<Found[]>} in the order in which it was kept
 */
export async function keptFor({ id, own, public: mine }) {
  const all = await drafts(`kept/${id}/`);
  return Promise.all(all.map(async ({ key, value }) => ({ ...(await openBox(own, mine, value, key)), draft: key })));
}

/**
 * @template T
 * @param {Found} form that was sent
 * @param {() => Promise<T>} work what sending it does
 * @returns {Promise<T>}
 */
export async function goOn({ draft }, work) {
  going = draft;
  try {
    return await work();
  } finally {
    going = '';
    await deleteDraft(draft);
  }
}

/** @returns {Record<string, undefined>} what an operation that is saved now takes away with it */
export function settled() {
  return going === '' ? {} : { [going]: undefined };
}

/**
 * @param {string} id of the person
 * @param {Found} form to stand again on its screen
 */
export function showAgain(id, form) {
  waiting = { ...form, id };
}

/**
 * @param {string} id of who is signed in
 * @param {string} path of the screen that is shown
 * @returns {Kept['forms'] | null} what to fill in there
 */
export function typedOn(id, path) {
  return waiting !== null && waiting.id === id && waiting.path === path ? waiting.forms : null;
}

/** The page has filled it in. */
export async function refilled() {
  const shown = waiting;
  waiting = null;
  if (shown) await deleteDraft(shown.draft);
}
