/** The first step of a receipt, an issue, a transfer or a return: where from or to, the reference, and the day. */

import { clock } from '../clock.js';
import { dateFault, localDate } from '../expiry.js';
import { html } from '../html.js';
import { invalid, page, redirect } from '../layout.js';
import { route } from '../router.js';
import { changeDraft, facilities } from '../store.js';
import { icon } from '../sprite.js';
import { draftKey, draftOf, namesUsed, WAYS } from './movement_draft.js';
import { facilitySelect, partyName, wordsOf } from './movement_way.js';
import { expectedPage } from './receive_expected.js';
import { arrow, dateWords, empty, fieldError, textField } from './parts.js';

/** @import { Ctx, Page, Reply } from '../types.js' */
/** @import { MovementDraft, Party, Way } from './movement_draft.js' */

/** So many names used before are offered as buttons; all of them come up while one types. */
const QUICK_MAX = 6;

/** @typedef {{type: string, facility: string, name: string, reference: string, date: string}} Fields */
/** @typedef {{facility?: string | null, name?: string | null, date?: string | null}} Errors */

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @returns {[Party['type'], string, string, string][]} kind of party, icon, its name, the label of its field
 */
function partyKinds({ t }, way) {
  /** @type {[Party['type'], string, string, string]} */
  const facility = ['facility', 'place', t('Another facility'), ''];
  if (way === 'issue') return [['ward', 'ward', t('A ward or service here'), t('Which ward or service?')], facility];
  if (way === 'transfer') return [facility];
  /** @type {[Party['type'], string, string, string]} */
  const supplier = ['supplier', 'receive', t('A supplier'), t('Name of the supplier')];
  return way === 'return' ? [facility, supplier] : [facility, supplier, ['donor', 'person', t('A donor'), t('Name of the donor')]];
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
    // A name that was used before is a button: one tap says what and who.
    const [picked, ...rest] = (form.get('pick') ?? '').split(':');
    if (picked) return { type: picked, facility: '', name: rest.join(':'), reference: field('reference'), date: field('date') };
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
  const type = way === 'issue' ? 'ward' : others || way === 'transfer' ? 'facility' : 'supplier';
  return {
    type, facility: way === 'receive' || way === 'return' ? supplier : '', name: (way === 'issue' && (await namesUsed(ctx, 'ward'))[0]) || '',
    reference: way === 'transfer' ? noteNumber(me.facility, clock.now()) : '', date: today,
  };
}

/**
 * PURE: a number for a delivery note that no other note of this facility bears, but for one of the same minute.
 *
 * @param {string} facility code
 * @param {number} now ms since the epoch
 * @returns {string} such as C4001-261122-0905
 */
export function noteNumber(facility, now) {
  const at = new Date(now);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `${facility}-${localDate(now).slice(2).replaceAll('-', '')}-${two(at.getHours())}${two(at.getMinutes())}`;
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {string} value
 */
function referenceField({ t }, way, value) {
  return way === 'receive' || way === 'return'
    ? textField({ id: 'reference', label: t('Delivery note or invoice number'), value, hint: t('Leave it empty if there is none.'), length: 60 })
    : textField({ id: 'reference', label: t('Number of the delivery note'), value, hint: t('It is printed on the note, and the other facility finds the delivery by it.'), length: 60 });
}

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @param {Errors} [errors]
 * @returns {Promise<Page>}
 */
async function partyPage(ctx, way, errors = {}) {
  const { t, tn } = ctx;
  const words = wordsOf(ctx, way);
  const draft = await draftOf(ctx, way);
  const fields = await beginning(ctx, way, draft);
  const kinds = partyKinds(ctx, way);
  const select = await facilitySelect(ctx, { chosen: fields.facility, error: errors.facility });
  const parts = await Promise.all(kinds.filter(([type]) => type !== 'facility' || select !== null).map(async ([type, symbol, name, label]) => {
    const checked = fields.type === type;
    const used = type === 'facility' ? [] : await namesUsed(ctx, type);
    const more = type === 'facility' ? html`<div class="stack-tight"><div class="field">${select}${fieldError('facility', errors.facility)}</div>
${way === 'issue' && referenceField(ctx, way, fields.reference)}</div>`
      : html`${textField({ id: `name-${type}`, label, value: checked ? fields.name : '', error: checked ? errors.name : null, list: `used-${type}`, length: 80 })}
<datalist id="used-${type}">${used.map((one) => html`<option value="${one}"></option>`)}</datalist>${used.length > 1 && html`<p class="field-hint">${t('Used last; a tap goes on with it:')}</p>
<p class="line">${used.slice(0, QUICK_MAX).map((one) => html`<button class="button" name="pick" value="${type}:${one}">${one}</button>`)}</p>`}`;
    return html`<label class="choice"><input type="radio" name="type" value="${type}"${checked && html` checked`}>${icon(symbol)}<span class="strong">${name}</span></label>
<div class="choice-more">${more}</div>`;
  }));
  if (parts.length === 0) {
    return { title: words.title, back: '/app', body: empty('place', t('No other facility is known here'), t('The list of facilities has not reached this device, or there is no other.')) };
  }
  const body = html`${draft && draft.lines.length > 0 && html`<a class="notice notice-warn" href="${words.root}/lines"><span><strong>${t('One is not saved yet')}</strong><br>${
    tn('{n} line', '{n} lines', draft.lines.length, { n: ctx.fmt.number(draft.lines.length) })} · ${words.from(await partyName(draft.party))}</span>${arrow()}</a>`}
<form method="post" action="${words.root}" id="party" class="stack" novalidate>
<button class="hidden-words" tabindex="-1" aria-hidden="true"></button>
<fieldset class="stack-tight"><legend class="field-label">${words.where}</legend>${parts}</fieldset>
${way !== 'issue' && referenceField(ctx, way, fields.reference)}
${textField({ id: 'date', type: 'date', label: words.day, value: fields.date, max: localDate(clock.now()), error: errors.date, length: 10 })}
</form>`;
  return {
    title: words.title, back: way === 'receive' && ctx.query.get('other') !== null ? words.root : '/app', body,
    bar: html`<button class="button button-primary" form="party">${draft ? t('Go on to the products') : t('Next: the products')}${icon('forward', 'icon-turn')}</button>`,
  };
}

/**
 * @param {Way} way
 * @returns {(ctx: Ctx) => Promise<Reply>}
 */
function showParty(way) {
  return async (ctx) => {
    const expected = way === 'receive' && ctx.query.get('other') === null ? await expectedPage(ctx) : null;
    return page(ctx, expected ?? (await partyPage(ctx, way)));
  };
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
    const party = { type, name: type === 'facility' ? fields.facility : fields.name };
    const reference = way === 'issue' && type === 'ward' ? '' : fields.reference;
    await changeDraft(draftKey(ctx, way), (draft) => ({
      party, reference, date: fields.date, lines: draft?.lines ?? [], changes: (draft?.changes ?? 0) + 1,
    }));
    return redirect(`${wordsOf(ctx, way).root}/lines`);
  };
}

for (const way of WAYS) {
  route('GET', `/app/${way}`, showParty(way));
  route('POST', `/app/${way}`, takeParty(way));
}
