/** The people of this device: their keys, their PINs, and what wrong PINs cost. */

import { clock } from './clock.js';
import { inTurn } from './locks.js';
import { keyOf, newDeviceSecret, newPair, privateHalf, random, unwrap, wrap } from './seal.js';
import { deletePerson, deviceSecret, personRow, personRows, putPerson, standing } from './store/people.js';

/** @import { PersonRow, Standing } from './store/people.js' */

/** After so many wrong PINs in a row only the password helps. */
export const TRIES_MAX = 10;
/** Wrong PINs that cost no time yet. */
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 5_000;

/** @typedef {{user: string, id: string, key: CryptoKey, own: CryptoKey, public: ArrayBuffer}} Keys of someone who is signed in */
/** @typedef {{raw: ArrayBuffer} | {wait: number} | {left: number}} Tried wait: ms until the next try is looked at; left: tries, 0: the password only */

/**
 * PURE: how long to wait after so many wrong PINs: 5 s after the third, and twice as long after each one more.
 *
 * @param {number} failures
 * @returns {number} ms
 */
export function delayAfter(failures) {
  return failures < FREE_TRIES ? 0 : FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES);
}

/**
 * PURE
 *
 * @param {Pick<PersonRow, 'failures' | 'failed_at'>} row
 * @param {number} now a clock that was put back before the last wrong PIN makes the wait begin anew
 * @returns {number} ms
 */
export function waitOf({ failures, failed_at }, now) {
  const delay = delayAfter(failures);
  return now < failed_at ? delay : Math.max(0, failed_at + delay - now);
}

/**
 * @param {string} pin
 * @returns {'form' | 'easy' | null} what is wrong with it
 */
export function pinFault(pin) {
  if (!/^[0-9]{4,8}$/.test(pin)) return 'form';
  const steps = new Set([...pin].slice(1).map((digit, i) => Number(digit) - Number(pin[i])));
  return steps.size === 1 && [-1, 0, 1].includes(/** @type {number} */ ([...steps][0])) ? 'easy' : null;
}

/**
 * @param {Partial<Standing>} at
 * @returns {string[]} who may use this device as far as it knows
 */
export function peopleOf({ session, people }) {
  return people ?? (session ? [session.user] : []);
}

/** @returns {Promise<{user: string, row: PersonRow | undefined}[]>} those who may use this device, by name */
export async function peopleHere() {
  const [at, rows] = await Promise.all([standing(), personRows()]);
  return peopleOf(at).map((user) => ({ user, row: rows.find((row) => row.user === user) }));
}

/** @returns {Promise<CryptoKey>} */
const secret = () => deviceSecret(newDeviceSecret);

/**
 * @param {string} user
 * @param {BufferSource} raw the person's key
 * @returns {Promise<PersonRow>} not stored yet
 */
async function newRow(user, raw) {
  const id = Array.from(random(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id, user, ...(await newPair(await keyOf(raw))), open: null, pin: null, password: null, failures: 0, failed_at: 0 };
}

/**
 * @param {string} user
 * @returns {Promise<PersonRow>} with a key of their own, which opens without a PIN until there is one
 */
export async function ensurePerson(user) {
  return inTurn('bincard-person', async () => {
    const there = await personRow(user);
    if (there) return there;
    const raw = random();
    const row = { ...(await newRow(user, raw)), open: await wrap(await secret(), ['open', user], raw, 0) };
    await putPerson(row);
    return row;
  });
}

/**
 * @param {PersonRow} row
 * @param {BufferSource} raw
 * @returns {Promise<Keys>}
 */
export async function keysOf(row, raw) {
  const key = await keyOf(raw);
  return { user: row.user, id: row.id, key, own: await privateHalf(key, row.private), public: row.public };
}

/**
 * @param {PersonRow} row
 * @returns {Promise<ArrayBuffer | null>} the key of someone who has no PIN
 */
export async function withoutPin(row) {
  return row.open && unwrap(await secret(), ['open', row.user], row.open);
}

/**
 * Try a PIN. It is counted as wrong on the disk before it is looked at, so that no restart takes a try back.
 *
 * @param {string} user
 * @param {string} pin
 * @returns {Promise<Tried>}
 */
export async function tryPin(user, pin) {
  return inTurn('bincard-person', async () => {
    const row = await personRow(user);
    if (!row?.pin || row.failures >= TRIES_MAX) return { left: 0 };
    const now = clock.now();
    const wait = waitOf(row, now);
    if (wait > 0) {
      if (now < row.failed_at) await putPerson({ ...row, failed_at: now });
      return { wait };
    }
    const failed = { ...row, failures: row.failures + 1, failed_at: now };
    await putPerson(failed);
    const raw = await unwrap(await secret(), ['pin', user, pin], row.pin);
    if (!raw) return { left: TRIES_MAX - failed.failures };
    await putPerson({ ...row, failures: 0, failed_at: 0 });
    return { raw };
  });
}

/**
 * @param {string} user
 * @param {BufferSource} raw the person's key
 * @param {string} pin
 */
export async function setPin(user, raw, pin) {
  const pinned = await wrap(await secret(), ['pin', user, pin], raw);
  await inTurn('bincard-person', async () => {
    const row = /** @type {PersonRow} */ (await personRow(user));
    await putPerson({ ...row, pin: pinned, open: null, failures: 0, failed_at: 0 });
  });
}

/**
 * The server has just said that this is the person's password. Their key is opened with it; where it never was
 * wrapped so, or the password is a new one, the device alone or nothing opens it, and then they begin with a new key.
 *
 * @param {string} user
 * @param {string} password
 * @param {string | null} pin to be theirs from now on; null: the one that they had, or none
 * @returns {Promise<{raw: ArrayBuffer, lost: boolean}>} lost: what was kept for them can be read no more and is gone
 */
export async function afterPassword(user, password, pin) {
  return inTurn('bincard-person', async () => {
    const mine = await secret();
    let row = await personRow(user);
    let raw = row?.password ? await unwrap(mine, ['password', user, password], row.password) : null;
    if (row && !raw) raw = await withoutPin(row);
    const lost = row !== undefined && raw === null;
    if (lost) await deletePerson(user);
    if (!row || !raw) {
      raw = /** @type {ArrayBuffer} */ (random().buffer);
      row = await newRow(user, raw);
    }
    const [pinned, known] = await Promise.all([
      pin === null ? row.pin : wrap(mine, ['pin', user, pin], raw), wrap(mine, ['password', user, password], raw),
    ]);
    const open = pinned ? null : await wrap(mine, ['open', user], raw, 0);
    await putPerson({ ...row, pin: pinned, password: known, open, failures: 0, failed_at: 0 });
    return { raw, lost };
  });
}
