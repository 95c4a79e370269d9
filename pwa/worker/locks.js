/** One at a time across workers: navigator.locks, or within this worker where a browser lacks them. */

/** @type {Set<string>} */
const held = new Set();

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
  if (held.has(name)) return null;
  held.add(name);
  try {
    return await work();
  } finally {
    held.delete(name);
  }
}
