/** The clock, in one place so that tests can set it. */

export const clock = {
  /** @returns {number} ms since the epoch, by this device */
  now: () => Date.now(),
};

/**
 * @param {number} time ms since the epoch
 * @returns {string} ISO 8601 with milliseconds, UTC
 */
export function iso(time) {
  return new Date(time).toISOString();
}
