/** navigator.locks as far as the worker uses it; the locks of a program end with it. */

export class Locks {
  /** @type {Map<string, Promise<unknown>>} the end of each line */
  lines = new Map();

  /**
   * @param {string} name
   * @param {any} options left out, or `{ifAvailable: true}`
   * @param {(lock: object | null) => unknown} [work]
   * @returns {Promise<unknown>}
   */
  request(name, options, work) {
    const job = work ?? options;
    const before = this.lines.get(name);
    if (before && work && options.ifAvailable) return Promise.resolve().then(() => job(null));
    const mine = (before ?? Promise.resolve()).then(() => job({ name }));
    const end = mine.catch(() => {}).then(() => {
      if (this.lines.get(name) === end) this.lines.delete(name);
    });
    this.lines.set(name, end);
    return mine;
  }
}
