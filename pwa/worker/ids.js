/** UUIDv7 that only ever grows on this device, even when its clock goes back. */

const COUNTER_BITS = 74n;
const COUNTER_MAX = (1n << COUNTER_BITS) - 1n;

/**
 * @param {string} id
 * @returns {{time: bigint, counter: bigint}} its 48 bits of ms since the epoch and its 74 other free bits
 */
function read(id) {
  const bits = BigInt(`0x${id.replaceAll('-', '')}`);
  return { time: bits >> 80n, counter: (((bits >> 64n) & 0xfffn) << 62n) | (bits & ((1n << 62n) - 1n)) };
}

/**
 * @param {bigint} time
 * @param {bigint} counter
 * @returns {string}
 */
function write(time, counter) {
  const bits = (time << 80n) | (7n << 76n) | ((counter >> 62n) << 64n) | (2n << 62n) | (counter & ((1n << 62n) - 1n));
  const hex = bits.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/**
 * @param {string | undefined} last the id given out before; the new one is greater, as text too
 * @param {number} now ms since the epoch
 * @param {Uint8Array} random at least 10 bytes
 * @returns {string}
 */
export function nextId(last, now, random) {
  let time = BigInt(now);
  let counter = 0n;
  for (const byte of random.subarray(0, 10)) counter = (counter << 8n) | BigInt(byte);
  counter &= COUNTER_MAX;
  if (last !== undefined) {
    const before = read(last);
    if (time <= before.time) {
      time = before.time;
      // A random step, so that two copies of one store do not go on to the same ids while their clocks are behind.
      counter = before.counter + 1n + (counter & 0xffffffffn);
      if (counter > COUNTER_MAX) {
        time += 1n;
        counter = 0n;
      }
    }
  }
  return write(time, counter);
}

/** @returns {Uint8Array} what nextId wants */
export function randomBytes() {
  return crypto.getRandomValues(new Uint8Array(10));
}
