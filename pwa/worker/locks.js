/** One at a time across workers: navigator.locks, or within this worker where a browser lacks them. */

/** @type {Map<string, Promise<unknown>>} the end of the line, by name */
const lines = new Map();

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T | null>} null, at once, if someone else is at it
 */
export async function alone(name, work) {
  if (globalThis.navigator?.locks) {
    return navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work() : null));
  }
  return lines.has(name) ? null : inTurn(name, work);
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work begins when everyone before is done
 * @returns {Promise<T>}
 */
export async function inTurn(name, work) {
  if (globalThis.navigator?.locks) return navigator.locks.request(name, () => work());
  const mine = (lines.get(name) ?? Promise.resolve()).then(work, work);
  const end = mine.catch(() => {}).then(() => {
    if (lines.get(name) === end) lines.delete(name);
  });
  lines.set(name, end);
  return mine;
}
