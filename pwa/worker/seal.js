/** WebCrypto for what is one person's: values sealed by a key, keys wrapped by a secret, and boxes that only their owner opens. */

/** Rounds of PBKDF2-SHA-256 between a PIN or a password and a key; in one place so that tests need not wait. */
export const strength = { rounds: 600_000 };
const KEY_BYTES = 32;
const CURVE = { name: 'ECDH', namedCurve: 'P-256' };

/** @typedef {{iv: Uint8Array<ArrayBuffer>, data: ArrayBuffer}} Sealed */
/** @typedef {{salt: Uint8Array<ArrayBuffer>, rounds: number, sealed: Sealed}} Wrap a person's key under a secret; rounds 0: under the device's alone */
/** @typedef {{from: ArrayBuffer, sealed: Sealed}} Box from: the public half of the key pair that was made for it */

/** @param {string} text */
function bytes(text) {
  return new TextEncoder().encode(text);
}

/**
 * @param {number} length
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function random(length = KEY_BYTES) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** @returns {Promise<CryptoKey>} the device's secret: usable here, and by nothing that reads it out */
export async function newDeviceSecret() {
  return crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']);
}

/**
 * @param {BufferSource} raw 32 bytes
 * @returns {Promise<CryptoKey>}
 */
export async function keyOf(raw) {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/**
 * @param {CryptoKey} key
 * @param {BufferSource} data
 * @param {string} place what it is; opened elsewhere it is refused
 * @returns {Promise<Sealed>}
 */
async function sealBytes(key, data, place) {
  const iv = random(12);
  return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytes(place) }, key, data) };
}

/**
 * @param {CryptoKey} key
 * @param {Sealed} sealed
 * @param {string} place
 * @returns {Promise<ArrayBuffer>} rejects for another key, place or content than it was sealed with
 */
async function openBytes(key, { iv, data }, place) {
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: bytes(place) }, key, data);
}

/**
 * @param {CryptoKey} key
 * @param {unknown} value anything that JSON writes
 * @param {string} place
 * @returns {Promise<Sealed>}
 */
export async function seal(key, value, place) {
  return sealBytes(key, bytes(JSON.stringify(value)), place);
}

/**
 * @param {CryptoKey} key
 * @param {Sealed} sealed
 * @param {string} place
 * @returns {Promise<any>} rejects where `seal` was not called with the same key and place
 */
export async function open(key, sealed, place) {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, sealed, place)));
}

/**
 * @param {CryptoKey} secret the device's
 * @param {string[]} words what the key is for, whose it is, and a PIN or a password
 * @param {Uint8Array<ArrayBuffer>} salt
 * @param {number} rounds
 * @returns {Promise<CryptoKey>}
 */
async function wrappingKey(secret, words, salt, rounds) {
  const material = await crypto.subtle.sign('HMAC', secret, bytes(JSON.stringify(words.map((word) => word.normalize('NFKC')))));
  if (rounds === 0) return keyOf(material);
  const base = await crypto.subtle.importKey('raw', material, 'PBKDF2', false, ['deriveBits']);
  return keyOf(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }, base, KEY_BYTES * 8));
}

/**
 * @param {CryptoKey} secret the device's
 * @param {string[]} words what the wrap is for, whose it is, and a PIN or a password
 * @param {BufferSource} raw the key
 * @param {number} [rounds]
 * @returns {Promise<Wrap>}
 */
export async function wrap(secret, words, raw, rounds = strength.rounds) {
  const salt = random(16);
  return { salt, rounds, sealed: await sealBytes(await wrappingKey(secret, words, salt, rounds), raw, 'key') };
}

/**
 * @param {CryptoKey} secret
 * @param {string[]} words
 * @param {Wrap} wrapped
 * @returns {Promise<ArrayBuffer | null>} the key; null where the words are others
 */
export async function unwrap(secret, words, { salt, rounds, sealed }) {
  const key = await wrappingKey(secret, words, salt, rounds);
  return openBytes(key, sealed, 'key').catch(() => null);
}

/**
 * A pair whose public half lets anyone here leave something for a person who is not signed in.
 *
 * @param {CryptoKey} key the person's
 * @returns {Promise<{public: ArrayBuffer, private: Sealed}>}
 */
export async function newPair(key) {
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, true, ['deriveBits']));
  return {
    public: await crypto.subtle.exportKey('raw', pair.publicKey),
    private: await sealBytes(key, await crypto.subtle.exportKey('pkcs8', pair.privateKey), 'pair'),
  };
}

/**
 * @param {CryptoKey} key the person's
 * @param {Sealed} sealed of the pair
 * @returns {Promise<CryptoKey>}
 */
export async function privateHalf(key, sealed) {
  return crypto.subtle.importKey('pkcs8', await openBytes(key, sealed, 'pair'), CURVE, false, ['deriveBits']);
}

/**
 * @param {CryptoKey} mine
 * @param {ArrayBuffer} theirs
 * @param {ArrayBuffer} from
 * @param {ArrayBuffer} to
 * @returns {Promise<CryptoKey>}
 */
async function sharedKey(mine, theirs, from, to) {
  const other = await crypto.subtle.importKey('raw', theirs, CURVE, false, []);
  const bits = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, mine, KEY_BYTES * 8);
  return keyOf(await crypto.subtle.digest('SHA-256', await new Blob([bits, from, to]).arrayBuffer()));
}

/**
 * @param {ArrayBuffer} to a public half
 * @param {unknown} value
 * @param {string} place
 * @returns {Promise<Box>}
 */
export async function boxFor(to, value, place) {
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, true, ['deriveBits']));
  const from = await crypto.subtle.exportKey('raw', pair.publicKey);
  return { from, sealed: await seal(await sharedKey(pair.privateKey, to, from, to), value, place) };
}

/**
 * @param {CryptoKey} mine the private half
 * @param {ArrayBuffer} to the public one
 * @param {Box} box
 * @param {string} place
 * @returns {Promise<any>} rejects for a box of someone else
 */
export async function openBox(mine, to, { from, sealed }, place) {
  return open(await sharedKey(mine, from, from, to), sealed, place);
}
