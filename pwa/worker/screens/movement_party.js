/** The first step of a receipt or an issue: where from or to, the reference, and the day. */

import { clock } from '../clock.js';
import { dateFault, localDate } from '../expiry.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { facilities } from '../store.js';
import { icon } from '../sprite.js';
import { draftOf, keep, namesUsed } from './movement_draft.js';
import { facilitySelect, wordsOf } from './movement_way.js';
import { dateWords, fieldError, textField } from './parts.js';

/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { MovementDraft, Party, Way } from './movement_draft.js' */

/** @typedef {{type: string, facility: string, name: string, reference: string, date: string}} Fields */
/** @typedef {{facility?: string | null, name?: string | null, date?: string | null}} Errors */

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @returns {[Party['type'], string, string, string][]} kind of party, icon, its name, the label of its field
 */
function partyKinds({ t }, way) {
  if (way === 'issue') {
    return [['ward', 'ward', t('A ward or service here'), t('Which ward or service?')], ['facility', 'place', t('Another facility'), '']];
  }
  return [['facility', 'place', t('Another facility'), ''], ['supplier', 'receive', t('A supplier'), t('Name of the supplier')],
    ['donor', 'person', t('A donor'), t('Name of the donor')]];
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {MovementDraft | null} draft
 * @returns {Promise<Fields>} as the form should begin
 */
async function beginning(ctx, way, draft) {
  const { form, me } = ctx;
  if (ctx.method === 'POST') {
    /** @param {string} name */
    const field = (name) => (form.get(name) ?? '').trim();
    const type = field('type');
    return { type, facility: field('facility'), name: field(`name-${type}`), reference: field('reference'), date: field('date') };
  }
  const today = localDate(clock.now());
  if (draft) {
    const { party } = draft;
    const facility = party.type === 'facility' ? party.name : '';
    return { type: party.type, facility, name: party.type === 'facility' ? '' : party.name, reference: draft.reference, date: draft.date };
  }
  const all = await facilities();
  const supplied = all.find((row) => row.code === me.facility)?.supplied_by ?? '';
  const supplier = all.some((row) => row.code === supplied) ? supplied : '';
  const others = all.some((row) => row.code !== me.facility);
  const type = way === 'issue' ? 'ward' : others ? 'facility' : 'supplier';
  return { type, facility: way === 'receive' ? supplier : '', name: (way === 'issue' && (await namesUsed(ctx, 'ward'))[0]) || '', reference: '', date: today };
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
async function partyPage(ctx, way, errors = {}) {
  const { t } = ctx;
  const words = wordsOf(ctx, way);
  const draft = await draftOf(ctx, way);
  const fields = await beginning(ctx, way, draft);
  const kinds = partyKinds(ctx, way);
  const select = await facilitySelect(ctx, { chosen: fields.facility, error: errors.facility });
  const parts = await Promise.all(kinds.filter(([type]) => type !== 'facility' || select !== null).map(async ([type, symbol, name, label]) => {
    const checked = fields.type === type;
    const used = type === 'facility' ? [] : await namesUsed(ctx, type);
    const more = type === 'facility' ? html`<div class="field">${select}${fieldError('facility', errors.facility)}</div>`
      : html`${textField({ id: `name-${type}`, label, value: checked ? fields.name : '', error: checked ? errors.name : null, list: `used-${type}`, length: 80 })}
<datalist id="used-${type}">${used.map((one) => html`<option value="${one}"></option>`)}</datalist>`;
    return html`<label class="choice"><input type="radio" name="type" value="${type}"${checked && html` checked`}>${icon(symbol)}<span class="strong">${name}</span></label>
<div class="choice-more">${more}</div>`;
  }));
  const body = html`<form method="post" action="${words.root}" id="party" class="stack" novalidate>
<fieldset class="stack-tight"><legend class="field-label">${way === 'receive' ? t('Where does it come from?') : t('Where does it go?')}</legend>${parts}</fieldset>
${way === 'receive' && textField({ id: 'reference', label: t('Delivery note or invoice number'), value: fields.reference, hint: t('Leave it empty if there is none.'), length: 60 })}
${textField({ id: 'date', type: 'date', label: way === 'receive' ? t('Day on which it came') : t('Day on which it goes out'), value: fields.date, max: localDate(clock.now()), error: errors.date, length: 10 })}
</form>`;
  return {
    title: words.title, back: '/app', body,
    bar: html`<button class="button button-primary" form="party">${draft ? t('Go on to the products') : t('Next: the products')}${icon('forward', 'icon-turn')}</button>`,
  };
}

/**
 * @param {Way} way
 * @returns {(ctx: Ctx) => Promise<Reply>}
 */
function showParty(way) {
  return async (ctx) => page(ctx, await partyPage(ctx, way));
}

/**
 * @param {Way} way
 * @returns {(ctx: Ctx) => Promise<Reply>}
 */
function takeParty(way) {
  return async (ctx) => {
    const { t } = ctx;
    const before = await draftOf(ctx, way);
    const fields = await beginning(ctx, way, before);
    const type = partyKinds(ctx, way).find(([one]) => one === fields.type)?.[0];
    const known = (await facilities()).some((row) => row.code === fields.facility && row.code !== ctx.me.facility);
    const fault = dateFault(fields.date, localDate(clock.now()));
    /** @type {Errors} */
    const errors = {
      facility: type === 'facility' && !known ? t('Choose the facility.') : null,
      name: type !== 'facility' && fields.name === '' ? t('Enter a name.') : null,
      date: fault && dateWords(ctx, fault),
    };
    if (!type || errors.facility || errors.name || errors.date) return invalid(ctx, await partyPage(ctx, way, errors));
    await keep(ctx, way, {
      party: { type, name: type === 'facility' ? fields.facility : fields.name },
      reference: fields.reference, date: fields.date, lines: before?.lines ?? [],
    });
    return redirect(`${wordsOf(ctx, way).root}/lines`);
  };
}

for (const way of /** @type {const} */ (['receive', 'issue'])) {
  route('GET', `/app/${way}`, showParty(way));
  route('POST', `/app/${way}`, takeParty(way));
}
