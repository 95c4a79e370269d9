/** What to say of a code that leads to no product. */

/** @import { Ctx } from '../types.js' */
/** @import { ScanFault } from '../gs1.js' */

/**
 * @param {Ctx} ctx
 * @param {ScanFault} fault
 * @returns {string} what is wrong with it and what to do
 */
export function faultWords({ t }, fault) {
  return {
    empty: t('Nothing was read. Scan the pack again, or type the digits that stand under its bars.'),
    not_gs1: t('This is no product code that Bincard knows: it may be of another country, of a shop or of a firm. Look on the pack for another code, or find the product by its name.'),
    check_digit: t('One digit of this code is wrong. Scan it again, or compare it with the digits under the bars and correct it here.'),
    truncated: t('The end of this code is missing. Scan it again, or type all the digits that stand under the bars.'),
    separator: t('Lot and expiry run together in this code: the scanner leaves out what separates them. Use the camera, or have the scanner set up as the guide says.'),
    unknown_ai: t('A part of this code is not as GS1 has it. Scan it again, or find the product by its name and type lot and expiry from the pack.'),
    characters: t('A part of this code has signs that do not belong there. Scan it again, or find the product by its name and type lot and expiry from the pack.'),
    date: t('This code has a date that there is not. Find the product by its name, and type lot and expiry from the pack.'),
    no_gtin: t('This is the label of a pallet or of a place, not of a product. Scan a carton or a pack.'),
  }[fault];
}
