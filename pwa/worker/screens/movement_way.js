/** What receipts, issues, transfers and returns have in common as screens, and the words in which they differ. */

import { html } from '../html.js';
import { facilities } from '../store.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Kind } from '../types.js' */
/** @import { MovementDraft, Party, Way } from './movement_draft.js' */

/**
 * @typedef {object} WayWords
 * @property {Kind} kind
 * @property {string} root address
 * @property {string} title
 * @property {string} save
 * @property {string} none
 * @property {string} teach
 * @property {string} saved
 * @property {string} again
 * @property {string} where
 * @property {string} day
 * @property {string} add
 * @property {string} full
 * @property {(name: string) => string} from
 */

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @returns {WayWords}
 */
export function wordsOf({ t }, way) {
  if (way === 'receive') {
    return {
      kind: 'stock.receive', root: '/app/receive', title: t('Receive'), save: t('Save the receipt'),
      none: t('Nothing on this receipt yet'), teach: t('Add each product that came in, with its lot, its expiry and how many.'),
      saved: t('The receipt is saved on this device'), again: t('Receive more'), where: t('Where does it come from?'),
      day: t('Day on which it came'), add: t('Add to the receipt'), full: t('This receipt is full. Save it, then go on with a second one.'),
      from: (name) => t('From {name}', { name }),
    };
  }
  const teach = t('Add each product that goes out. The lots that expire first are proposed.');
  const outward = {
    kind: /** @type {const} */ ('stock.issue'), root: `/app/${way}`, teach, where: t('Where does it go?'), day: t('Day on which it goes out'),
    from: (/** @type {string} */ name) => t('To {name}', { name }),
  };
  if (way === 'transfer') {
    return {
      ...outward, title: t('Transfer'), save: t('Save the transfer'), none: t('Nothing on this transfer yet'),
      saved: t('The transfer is saved on this device'), again: t('Transfer more'), add: t('Add to the transfer'),
      full: t('This transfer is full. Save it, then go on with a second one.'),
    };
  }
  if (way === 'return') {
    return {
      ...outward, title: t('Return to the supplier'), save: t('Save the return'), none: t('Nothing on this return yet'),
      teach: t('Add each product that goes back, expired and damaged lots too.'), where: t('Who gets it back?'),
      saved: t('The return is saved on this device'), again: t('Return more'), add: t('Add to the return'),
      full: t('This return is full. Save it, then go on with a second one.'),
    };
  }
  return {
    ...outward, title: t('Issue'), save: t('Save the issue'), none: t('Nothing on this issue yet'),
    saved: t('The issue is saved on this device'), again: t('Issue more'), add: t('Add to the issue'),
    full: t('This issue is full. Save it, then go on with a second one.'),
  };
}

/**
 * PURE
 *
 * @param {Way} way
 * @param {MovementDraft} draft
 * @returns {Record<string, any>} the body but for its lines
 */
export function heading(way, { party, reference }) {
  const other = { [party.type]: party.name };
  if (way === 'receive') return { source: other, reference };
  return { destination: other, ...(way === 'return' && { purpose: 'return' }), ...(reference !== '' && { reference }) };
}

/**
 * @param {Party} party
 * @returns {Promise<string>} its name as people say it
 */
export async function partyName({ type, name }) {
  if (type !== 'facility') return name;
  return (await facilities()).find((row) => row.code === name)?.name ?? name;
}

/**
 * A select of the other facilities, the one that supplies this one first.
 *
 * @param {Ctx} ctx
 * @param {{chosen: string, error?: string | null}} state
 * @returns {Promise<Html | null>} null where no other facility is known
 */
export async function facilitySelect(ctx, { chosen, error }) {
  const all = await facilities();
  const own = all.find((row) => row.code === ctx.me.facility);
  const others = all.filter((row) => row.code !== ctx.me.facility && row.active !== false);
  if (others.length === 0) return null;
  const supplier = others.filter((row) => row.code === own?.supplied_by);
  const ordered = [...supplier, ...others.filter((row) => row.code !== own?.supplied_by)];
  return html`<label class="field-label" for="facility">${ctx.t('Which facility?')}</label>
<select class="input" id="facility" name="facility"${error && html` aria-invalid="true" aria-describedby="facility-error"`}>
<option value="">${ctx.t('Choose a facility')}</option>
${ordered.map((row) => html`<option value="${row.code}"${row.code === chosen && html` selected`}>${row.name}</option>`)}</select>`;
}
