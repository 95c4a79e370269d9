/** /app/recalls/:id/lot: what was found of one recalled lot and what became of it; the stock moves with the answer. */

import { QUARANTINE } from '../fefo.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { appendAll } from '../outbox.js';
import { parseQuantity } from '../../page/quantity.js';
import { reactionTo, stockOperations, unaccounted } from '../recall.js';
import { route } from '../router.js';
import { facilities, getDraft, locations, putDraft, reasons } from '../store.js';
import { icon } from '../sprite.js';
import { figureField, keypad } from './keypad.js';
import { fieldError, notice, quantityWords, question, textField } from './parts.js';
import { offered } from './reason_words.js';
import { noSuchRecall } from './recall_one.js';
import { lotName, recallAsked } from './recall_words.js';
import { savingFailed } from './saving.js';

/** @import { Ctx, Facility, Kind, Page, Reason, Reply } from '../types.js' */
/** @import { RecallLot, Sums } from '../recall.js' */
/** @import { Standing } from './recall_words.js' */

const FIGURES = /** @type {const} */ (['found', 'quarantined', 'returned', 'destroyed']);
const TEXTS = /** @type {const} */ (['witness', 'back', 'note']);
const WITNESS_MAX = 80;
const NOTE_MAX = 400;

/** @typedef {Record<typeof FIGURES[number] | typeof TEXTS[number], string>} Fields as they were typed */
/** @typedef {Partial<Record<keyof Fields, string | null>> & {warn?: string, failure?: string}} Errors */

/** @param {URLSearchParams} form @returns {Fields} */
function fieldsOf(form) {
  return /** @type {Fields} */ (Object.fromEntries([...FIGURES, ...TEXTS].map((name) => [name, (form.get(name) ?? '').trim()])));
}

/** @param {RecallLot} lot @returns {Fields} as the form begins: what was answered before, else what the book has */
function beginning({ answer, on_shelf, apart }) {
  const before = (/** @type {number | undefined} */ n) => (n ? String(n) : '');
  return {
    found: answer ? String(answer.found) : String(on_shelf + apart), quarantined: before(answer?.quarantined ?? apart), returned: before(answer?.returned), destroyed: before(answer?.destroyed),
    witness: answer?.witness ?? '', back: '', note: answer?.note ?? '',
  };
}

/** @param {Ctx} ctx @param {string} lot */
function draftKey({ me, params }, lot) {
  return `recall/${me.facility}/${me.user}/${params.id}/${lot}`;
}

/**
 * PURE
 *
 * @param {readonly Reason[]} all
 * @returns {Reason | undefined} the reason for what was destroyed because it was recalled
 */
export function recallReason(all) {
  const debit = offered(all, 'debit');
  return debit.find(({ code }) => code === 'recalled') ?? debit.find(({ tags }) => (tags ?? []).includes('recall')) ?? debit[0];
}

/** @param {Ctx} ctx @returns {Promise<Facility | undefined>} the facility that supplies this one, where it is known here */
async function supplier({ me }) {
  const all = await facilities();
  const code = all.find((row) => row.code === me.facility)?.supplied_by;
  return all.find((row) => row.code === code);
}

/**
 * @param {Ctx} ctx
 * @param {Standing} standing
 * @param {RecallLot} lot
 * @param {Fields} fields
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
async function screen(ctx, { recall, name }, lot, fields, errors = {}) {
  const { t, fmt } = ctx;
  const here = `/app/recalls/${recall.id}/lot`;
  const back = await supplier(ctx);
  const labels = { found: t('Found'), quarantined: t('Put in quarantine'), returned: back ? t('Returned to {name}', { name: back.name }) : t('Returned'), destroyed: t('Destroyed before a witness') };
  const focus = FIGURES.find((field) => errors[field]) ?? (errors.warn || TEXTS.some((field) => errors[field]) ? null : 'found');
  const body = html`${errors.failure && notice('bad', errors.failure, { urgent: true })}
<p class="line-apart"><span class="strong">${lotName(ctx, lot.lot)}</span><span class="soft">${t('On the book: {n}', { n: fmt.number(lot.on_shelf + lot.apart) })}</span></p>
${errors.warn && question('answer', errors.warn, { name: 'sure', value: 'yes', words: t('It is right: save it') })}
<form method="post" action="${here}" id="answer" class="stack${errors.warn ? ' keys-later' : ''}" data-draft="${here}/draft" novalidate><input type="hidden" name="lot" value="${lot.lot}">
<ul class="lots">${FIGURES.map((field) => html`<li><label class="lot" for="${field}"><span class="lot-words"><span class="lot-number">${labels[field]}</span></span>
${figureField({ id: field, name: field, value: fields[field], label: labels[field], error: errors[field] ?? null, focus: field === focus })}${fieldError(field, errors[field])}</label></li>`)}</ul>
${textField({ id: 'witness', label: t('Witness of the destruction'), value: fields.witness, error: errors.witness ?? null, length: WITNESS_MAX })}
${!back && textField({ id: 'back', label: t('Returned to whom?'), value: fields.back, error: errors.back ?? null, length: 64 })}
${textField({ id: 'note', label: t('Note'), value: fields.note, length: NOTE_MAX })}</form>`;
  return { title: name, back: `/app/recalls/${recall.id}`, body, bar: html`${keypad(ctx, { next: t('Next') })}<button class="button button-primary" form="answer" data-keypad-save>${icon('check')}${t('Save the answer')}</button>` };
}

/**
 * @param {Ctx} ctx
 * @param {Fields} fields
 * @param {boolean} named whether it is known to whom things go back
 * @returns {{sums: Sums, errors: Errors}}
 */
function read(ctx, fields, named) {
  const { t } = ctx;
  /** @type {Sums} */
  const sums = { found: 0, quarantined: 0, returned: 0, destroyed: 0 };
  /** @type {Errors} */
  const errors = {};
  for (const field of FIGURES) {
    const figure = parseQuantity(fields[field]);
    if (figure.ok) sums[field] = figure.value;
    else if (figure.error !== 'empty' || field === 'found') errors[field] = quantityWords(ctx, figure.error);
  }
  const over = -unaccounted(sums);
  if (Object.keys(errors).length === 0 && over > 0) errors.found = t('Below it stands {n} more than was found. Correct one of the figures.', { n: ctx.fmt.number(over) });
  if (sums.destroyed > 0 && fields.witness === '') errors.witness = t('Enter who saw it destroyed.');
  if (sums.returned > 0 && !named && fields.back === '') errors.back = t('Enter who gets it back.');
  return { sums, errors };
}

/**
 * @param {Ctx} ctx
 * @param {RecallLot} lot
 * @param {Sums} sums
 * @param {number} beyond
 * @returns {string | null} what may be right and is asked about once
 */
function doubt({ t, fmt }, { answer }, sums, beyond) {
  const left = unaccounted(sums);
  const fewer = answer && (sums.returned < answer.returned || sums.destroyed < answer.destroyed);
  const words = [
    left > 0 && t('{n} were found of which nothing is said: they stay on the shelf, where nobody may use them.', { n: fmt.number(left) }),
    beyond > 0 && t('This takes away {n} more than the book shows. You will be asked to count this product.', { n: fmt.number(beyond) }),
    fewer && t('Fewer went back or were destroyed than was said before. The book does not get them back by this: undo what was recorded.'),
  ].filter((one) => typeof one === 'string');
  return words.length === 0 ? null : `${words.join(' ')} ${t('Is it right?')}`;
}

/** @returns {Promise<{kind: Kind, body: Record<string, any>}[]>} what puts the quarantine on the list of shelves, where it is not there */
async function quarantineNamed(/** @type {Ctx} */ { t }) {
  const known = (await locations()).find(({ code }) => code === QUARANTINE);
  return known?.active ? [] : [{ kind: 'location.set', body: { code: QUARANTINE, name: known?.name || t('Quarantine'), active: true } }];
}

/**
 * @param {(ctx: Ctx, standing: Standing, lot: RecallLot) => Promise<Reply>} handler
 * @returns {(ctx: Ctx) => Promise<Reply>} the same for the recall and lot that are asked for
 */
function ofLot(handler) {
  return async (ctx) => {
    const standing = await recallAsked(ctx);
    if (!standing) return noSuchRecall(ctx);
    const asked = (ctx.method === 'POST' ? ctx.form : ctx.query).get('lot') ?? '';
    const lot = standing.lots.find((one) => one.lot === asked);
    return lot ? handler(ctx, standing, lot) : redirect(`/app/recalls/${standing.recall.id}`);
  };
}

route('GET', '/app/recalls/:id/lot', ofLot(async (ctx, standing, lot) => page(ctx, await screen(ctx, standing, lot, (await getDraft(draftKey(ctx, lot.lot))) ?? beginning(lot)))));
route('POST', '/app/recalls/:id/lot/draft', ofLot(async (ctx, _standing, lot) => {
  await putDraft(draftKey(ctx, lot.lot), fieldsOf(ctx.form));
  return { status: 204, headers: {}, body: '' };
}));
route('POST', '/app/recalls/:id/lot', ofLot(async (ctx, standing, lot) => {
  const { t } = ctx;
  const { recall } = standing;
  const fields = fieldsOf(ctx.form);
  const [back, all] = await Promise.all([supplier(ctx), reasons()]);
  const refused = async (/** @type {Errors} */ errors) => invalid(ctx, await screen(ctx, standing, lot, fields, errors));
  const { sums, errors } = read(ctx, fields, back !== undefined);
  const reason = recallReason(all);
  if (sums.destroyed > 0 && !reason) errors.destroyed = t('No reason for a loss is known on this device. Connect once to a network.');
  if (Object.keys(errors).length > 0) return refused(errors);
  const reaction = reactionTo(lot, sums);
  const warn = ctx.form.get('sure') === 'yes' ? null : doubt(ctx, lot, sums, reaction.beyond);
  if (warn) return refused({ warn });
  const stock = stockOperations(reaction, { back: back ? { facility: back.code } : { supplier: fields.back.slice(0, 64) }, reference: '', reason: reason?.code ?? '' });
  const answer = { recall: recall.id, product: recall.product, lot: lot.lot, ...sums, witness: fields.witness.slice(0, WITNESS_MAX), note: fields.note.slice(0, NOTE_MAX) };
  try {
    await appendAll([...(reaction.setApart.length > 0 ? await quarantineNamed(ctx) : []), ...stock, { kind: 'recall.answer', body: answer }], { drafts: { [draftKey(ctx, lot.lot)]: undefined } });
  } catch (error) {
    return refused({ failure: savingFailed(ctx, error) });
  }
  return redirect(`/app/recalls/${recall.id}?saved=1`);
}));
