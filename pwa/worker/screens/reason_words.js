/** The reasons that every database has, in the language of this device; others are called as people named them. */

/** @import { Ctx, Reason } from '../types.js' */

/**
 * @param {Ctx} ctx
 * @param {Reason} reason
 * @returns {string}
 */
export function reasonWords({ t }, { code, name }) {
  /** @type {Record<string, string>} */
  const words = {
    expired: t('Expired'), damaged: t('Damaged'), lost: t('Lost'), stolen: t('Stolen'), found: t('Found'),
    transfer_in: t('Transfer in'), transfer_out: t('Transfer out'), donation: t('Donation'),
    returned_by_ward: t('Returned by a ward or patient'), returned_to_supplier: t('Returned to the supplier'),
    recalled: t('Recalled or quarantined'), cold_chain_failure: t('Cold chain failure'),
    count_correction_credit: t('Correction after a count, more found'), count_correction_debit: t('Correction after a count, less found'),
  };
  return words[code] ?? name;
}

/**
 * PURE: what a person may give as a reason; those tagged `system` are booked by imports alone.
 *
 * @param {readonly Reason[]} all
 * @param {Reason['type']} type
 * @returns {Reason[]}
 */
export function offered(all, type) {
  return all.filter((reason) => reason.type === type && reason.active !== false
    && !(reason.tags ?? []).some((tag) => tag === 'system'));
}
