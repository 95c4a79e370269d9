/** What a receipt and an issue have in common as screens, and the words in which they differ. */

import { html } from '../html.js';
import { facilities } from '../store.js';

/** @import { Html } from '../html.js' */
/** @import { Ctx, Kind } from '../types.js' */
/** @import { Party, Way } from './movement_draft.js' */

/**
 * @param {Ctx} ctx
 * @param {Way} way
 * @returns {{kind: Kind, party: 'source' | 'destination', root: string, title: string, save: string, none: string, teach: string,
 *   saved: string, again: string, from: (name: string) => string}}
 */
export function wordsOf({ t }, way) {
  if (way === 'receive') {
    return {
      kind: 'stock.receive', party: 'source', root: '/app/receive', title: t('Receive'), save: t('Save the receipt'),
      none: t('Nothing on this receipt yet'), teach: t('Add each product that came in, with its lot, its expiry and how many.'),
      saved: t('The receipt is saved on this device'), again: t('Receive more'), from: (name) => t('From {name}', { name }),
    };
  }
  return {
    kind: 'stock.issue', party: 'destination', root: '/app/issue', title: t('Issue'), save: t('Save the issue'),
    none: t('Nothing on this issue yet'), teach: t('Add each product that goes out. The lots that expire first are proposed.'),
    saved: t('The issue is saved on this device'), again: t('Issue more'), from: (name) => t('To {name}', { name }),
  };
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
