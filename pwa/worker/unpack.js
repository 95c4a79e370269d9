/** PURE: the tables of a packed page as changes again. The other half of sync/packing.py; both pass tests/vectors/packed. */

/** @import { Change } from './types.js' */

/**
 * @typedef {object} Table the rows of one entity on a page
 * @property {string} entity
 * @property {Record<string, unknown>} [same] what every row has
 * @property {string[]} [members] names of what differs
 * @property {unknown[][]} [rows] the key, unless it follows from the row, and the values of `members`
 * @property {string[]} [keyed_by] members that make the key
 * @property {string[]} [deleted] keys
 */

const PLACES = ['counted', 'last'];
/** In `last`: the same place as `counted`. */
const AS_COUNTED = 0;
/** Characters of a UUID in base64url. */
const PACKED_LENGTH = 22;

/**
 * @param {readonly Table[]} tables
 * @returns {Change[]}
 */
export function unpack(tables) {
  return tables.flatMap(({ entity, same = {}, members = [], rows = [], keyed_by: keyedBy, deleted = [] }) => [
    ...rows.map((values) => {
      /** @type {Record<string, unknown>} */
      const row = { ...same };
      const first = keyedBy ? 0 : 1;
      for (const [i, member] of members.entries()) row[member] = values[first + i];
      for (const member of PLACES) {
        if (typeof row[member] === 'string' || Array.isArray(row[member])) row[member] = place(/** @type {any} */ (row[member]));
      }
      if (row['last'] === AS_COUNTED) row['last'] = row['counted'];
      return { entity, key: keyedBy ? keyOf(row, keyedBy) : String(values[0]), row };
    }),
    ...deleted.map((key) => ({ entity, key, deleted: true })),
  ]);
}

/**
 * @param {Record<string, unknown>} row
 * @param {readonly string[]} members
 * @returns {string}
 */
function keyOf(row, members) {
  const [only, ...others] = members;
  if (only !== undefined && others.length === 0) return String(row[only]);
  return JSON.stringify(members.map((member) => row[member]));
}

/**
 * @param {string | [number, string]} packed
 * @returns {[number, string]} a place in the fold
 */
function place(packed) {
  const [behind, text] = typeof packed === 'string' ? [0, packed] : packed;
  if (text.length !== PACKED_LENGTH) return [behind, text];
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const id = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
  return [behind + parseInt(digits.slice(0, 12), 16), id];
}
