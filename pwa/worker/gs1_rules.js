/** PURE: GS1 Application Identifiers (AI): which there are, and how long their values are. Twin of backend/domain/gs1_rules.py. */

/**
 * @typedef {object} Rule
 * @property {boolean} digits whether the value is all digits
 * @property {number} least characters
 * @property {number} most characters; where it equals `least`, the value ends by itself
 */

/**
 * GS1 General Specifications, section 3.2: AIs of one form, digits (n) or characters (x), least and most of them. A dot
 * is any digit. tests/vectors/gs1/rules.json has each AI by itself.
 *
 * @type {[string, 'n' | 'x', number, number][]}
 */
const FORMS = [
  ['00|8017|8018', 'n', 18, 18], ['0[123]|8001', 'n', 14, 14], ['1[123567]|3(?:1[0-6]|[246].|[35][0-7])[0-5]|395[0-5]|4326|7006|8005', 'n', 6, 6],
  ['20|7241', 'n', 2, 2], ['30|37', 'n', 1, 8], ['242', 'n', 1, 6], ['39[02].', 'n', 1, 15], ['39[13].', 'n', 4, 18],
  ['394[0-3]|8111', 'n', 4, 4], ['402', 'n', 17, 17], ['41[0-7]|7001', 'n', 13, 13], ['42[246]', 'n', 3, 3],
  ['42[35]', 'n', 4, 15], ['4309', 'n', 20, 20], ['432[123]|7252', 'n', 1, 1], ['432[45]|7003', 'n', 10, 10],
  ['7004', 'n', 1, 4], ['7007', 'n', 6, 12], ['7011', 'n', 6, 10], ['7250', 'n', 8, 8], ['7251', 'n', 12, 12],
  ['80[02]6', 'n', 18, 18], ['8008', 'n', 8, 12], ['8011', 'n', 1, 12], ['8019', 'n', 1, 10], ['804[01]', 'n', 15, 15],
  ['8042', 'n', 32, 32], ['8043', 'n', 18, 20], ['255', 'n', 13, 25],
  ['10|2[12]|243|254|420|4318|702[012]|71[0-7]|7240|8002|8012', 'x', 1, 20], ['235', 'x', 1, 28],
  ['24[01]|25[01]|40[013]|4308|4319|7002|7023|8004|8010|90', 'x', 1, 30], ['253', 'x', 13, 30], ['421', 'x', 4, 12],
  ['427|7008', 'x', 1, 3], ['43[01][01]|4320', 'x', 1, 35],
  ['430[2-6]|431[2-6]|7257|811[02]|8200', 'x', 1, 70], ['43[01]7', 'x', 2, 2], ['433[0-3]', 'x', 6, 7], ['7005', 'x', 1, 12],
  ['7009|7255', 'x', 1, 10], ['7010', 'x', 1, 2], ['703.', 'x', 4, 30], ['7040', 'x', 4, 4], ['7041', 'x', 1, 4],
  ['723.', 'x', 3, 30], ['7242|801[34]|8020', 'x', 1, 25], ['725[349]', 'x', 1, 40], ['7256|8030|9[1-9]', 'x', 1, 90],
  ['7258', 'x', 3, 3], ['8003', 'x', 14, 30], ['8007', 'x', 1, 34], ['8009', 'x', 1, 50],
];
/** @type {[RegExp, Rule][]} */
const RULES = FORMS.map(([ais, form, least, most]) => [new RegExp(`^(?:${ais.replaceAll('.', '\\d')})$`), { digits: form === 'n', least, most }]);

/**
 * @param {string} ai two to four digits
 * @returns {Rule | null} null where there is no such AI
 */
export function ruleOf(ai) {
  return RULES.find(([pattern]) => pattern.test(ai))?.[1] ?? null;
}

/**
 * @param {string} text
 * @returns {[string, Rule] | null} the AI that it begins with
 */
export function beginning(text) {
  for (const length of [2, 3, 4]) {
    const ai = text.slice(0, length);
    const rule = ai.length === length ? ruleOf(ai) : null;
    if (rule) return [ai, rule];
  }
  return null;
}
