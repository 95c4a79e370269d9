/** Files that are carried (PROTOCOL.md, Carrying): writing what waits, reading what was brought, and the seals of both. */

import { iso } from './clock.js';
import { BATCH_BYTES_MAX, BATCH_MAX, ENVELOPE_BYTES } from './flusher.js';

/** @import { Meta, OutboxRecord } from './types.js' */

export const FORMAT = 1;
export const TYPE = 'application/vnd.bincard.carry+json';
const LINE_BYTES_MAX = 1024 * 1024;
const SEAL = /,"seal":"([0-9a-f]{64})"\}$/;

/** @typedef {'operations' | 'answers'} Purpose */
/** @typedef {{text: string, body: any}} Part a line, and what it says */
/** @typedef {{purpose: Purpose, device: string, made_at: string, parts: Part[]}} File */
/** @typedef {'empty' | 'unreadable' | 'unknown_format' | 'not_whole'} Fault */

/** A file that is none of ours, or not whole. `message` is the fault. */
export class BadFile extends Error {
  name = 'BadFile';

  /** @param {Fault} fault */
  constructor(fault) {
    super(fault);
    this.fault = fault;
  }
}

/**
 * @param {string} token of the device that made the file, or that the answers are for
 * @param {Purpose} purpose
 * @param {string} text of a line before its seal
 * @returns {Promise<string>} hexadecimal
 */
async function sealOf(token, purpose, text) {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey('raw', encoder.encode(token), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const seal = await crypto.subtle.sign('HMAC', key, encoder.encode(`bincard.carry.${purpose}\n${text}`));
  return [...new Uint8Array(seal)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {string} token
 * @param {Purpose} purpose
 * @param {string} line
 * @returns {Promise<boolean>} whether it was sealed for this, by this token
 */
export async function isSealed(token, purpose, line) {
  const seal = SEAL.exec(line);
  return seal !== null && (await sealOf(token, purpose, line.slice(0, seal.index))) === seal[1];
}

/**
 * What waits as a file. The operations' texts go into it byte for byte as they were saved.
 *
 * @param {Meta['session']} session
 * @param {string | null} epoch
 * @param {readonly OutboxRecord[]} waiting in the order of delivery
 * @param {number} now ms since the epoch
 * @returns {Promise<string[]>} a line each part; none where nothing waits
 */
export async function linesOf(session, epoch, waiting, now) {
  const batches = inBatches(waiting);
  return Promise.all(batches.map(async (batch, i) => {
    const head = JSON.stringify({
      format: FORMAT, device: session.device, name: session.device_name, epoch, made_at: iso(now), part: i + 1, parts: batches.length,
    });
    const operations = batch.map(({ seq, text }) => `{"seq":${seq},"operation":${text}}`).join(',');
    const text = `${head.slice(0, -1)},"operations":[${operations}]`;
    return `${text},"seal":"${await sealOf(session.token, 'operations', text)}"}`;
  }));
}

/**
 * @param {readonly OutboxRecord[]} records
 * @returns {OutboxRecord[][]} each within the limits of a push
 */
function inBatches(records) {
  /** @type {OutboxRecord[][]} */
  const batches = [];
  let bytes = Infinity;
  for (const record of records) {
    const batch = batches.at(-1);
    bytes += record.bytes;
    if (batch && batch.length < BATCH_MAX && bytes <= BATCH_BYTES_MAX - BATCH_MAX * ENVELOPE_BYTES) batch.push(record);
    else {
      batches.push([record]);
      bytes = record.bytes;
    }
  }
  return batches;
}

/**
 * PURE
 *
 * @param {string} text of a file, as any system may have passed it on
 * @returns {File}
 * @throws {BadFile}
 */
export function readFile(text) {
  const lines = text.replace(/^\ufeff/, '').split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== '');
  if (lines.length === 0) throw new BadFile('empty');
  const parts = lines.map((line) => ({ text: line, body: read(line) }));
  const { device, made_at, parts: count } = /** @type {Part} */ (parts[0]).body;
  const purpose = purposeOf(/** @type {Part} */ (parts[0]).body);
  // Of answers each line stands for itself: where a part was refused on the way, those of the others count.
  const sizes = purpose === 'answers' ? parts.length <= count : parts.length === count;
  const whole = sizes && parts.every(({ body }, i) => body.device === device && body.made_at === made_at && body.parts === count
    && purposeOf(body) === purpose && (purpose === 'answers' ? body.part > (parts[i - 1]?.body.part ?? 0) : body.part === i + 1));
  if (!whole) throw new BadFile('not_whole');
  return { purpose, device, made_at, parts };
}

/** @param {any} body @returns {Purpose} */
function purposeOf({ operations }) {
  return Array.isArray(operations) ? 'operations' : 'answers';
}

/**
 * @param {string} line
 * @returns {any}
 */
function read(line) {
  let body;
  try {
    body = JSON.parse(line);
  } catch {
    throw new BadFile('unreadable');
  }
  if (typeof body?.format !== 'number') throw new BadFile('unreadable');
  if (body.format !== FORMAT) throw new BadFile('unknown_format');
  const sound = typeof body.device === 'string' && !Number.isNaN(Date.parse(body.made_at)) && Number.isInteger(body.part)
    && (Array.isArray(body.operations) || Array.isArray(body.results)) && SEAL.test(line) && (line.length <= LINE_BYTES_MAX || Array.isArray(body.results));
  if (!sound) throw new BadFile('unreadable');
  return body;
}
