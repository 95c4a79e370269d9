/** What a refusal says, if it is one of our own server's: proxies and portals on the way refuse things too. */

const OURS = 'urn:bincard:problem:';

/**
 * @param {unknown} type of a problem document
 * @returns {string} what the last part of it names
 */
export function codeOf(type) {
  return typeof type === 'string' ? type.slice(type.lastIndexOf(':') + 1) : '';
}

/**
 * @param {{type?: unknown} | null} answer
 * @returns {boolean} whether our own server says it, and nobody on the way
 */
export function isOurs(answer) {
  return typeof answer?.type === 'string' && answer.type.startsWith(OURS);
}

/**
 * Whether an answer ends this device's right to speak. A 401 or 403 that is not a problem of ours is somebody
 * else's on the way, and goes away by itself.
 *
 * @param {number} status
 * @param {{type?: unknown} | null} answer
 * @returns {'signed_out' | 'revoked' | null}
 */
export function shutOut(status, answer) {
  if (status !== 401 && status !== 403) return null;
  if (!isOurs(answer)) return null;
  return status === 401 ? 'signed_out' : 'revoked';
}
