/** HTML that escapes itself: a tagged template whose values are text unless they are Html already. */

/** @typedef {Html | string | number | boolean | null | undefined} Value */
/** @typedef {Value | readonly Fragment[]} Fragment */

const ENTITIES = /** @type {Record<string, string>} */ ({
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;',
});

/** Text that is safe to put into a document, made only by `html`. */
export class Html {
  /** @type {string} */
  #text;

  /** @param {string} text trusted: never call this with anything a person or a server typed */
  constructor(text) {
    this.#text = text;
  }

  toString() {
    return this.#text;
  }
}

/**
 * @param {string} text
 * @returns {string} the text with every character that means something to HTML replaced
 */
export function escape(text) {
  return text.replace(/[&<>"']/g, (character) => /** @type {string} */ (ENTITIES[character]));
}

/**
 * @param {Fragment} value
 * @returns {string}
 */
function rendered(value) {
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(rendered).join('');
  if (value === null || value === undefined || typeof value === 'boolean') return '';
  return escape(String(value));
}

/**
 * Write a piece of HTML. Html values go in as they are, arrays are joined, null, undefined, true and false
 * render nothing, and all else is escaped. Put attribute values in double quotes; a URL in `href` or
 * `action` must begin with "/" (it is the author's to see to).
 *
 * @param {TemplateStringsArray} strings
 * @param {...Fragment} values
 * @returns {Html}
 */
export function html(strings, ...values) {
  let text = /** @type {string} */ (strings[0]);
  for (let i = 0; i < values.length; i += 1) text += rendered(values[i]) + strings[i + 1];
  return new Html(text);
}
