/** A device for tests: a fresh IndexedDB, a clock that is set by hand, and a server that is scripted. */

import '../vendor/fake-indexeddb/index.js';
import FDBFactory from '../vendor/fake-indexeddb/FDBFactory.js';
import FDBKeyRange from '../vendor/fake-indexeddb/FDBKeyRange.js';
import FDBCursor from '../vendor/fake-indexeddb/FDBCursor.js';
import FDBCursorWithValue from '../vendor/fake-indexeddb/FDBCursorWithValue.js';
import FDBDatabase from '../vendor/fake-indexeddb/FDBDatabase.js';
import FDBIndex from '../vendor/fake-indexeddb/FDBIndex.js';
import FDBObjectStore from '../vendor/fake-indexeddb/FDBObjectStore.js';
import FDBRequest from '../vendor/fake-indexeddb/FDBRequest.js';
import FDBOpenDBRequest from '../vendor/fake-indexeddb/FDBOpenDBRequest.js';
import FDBTransaction from '../vendor/fake-indexeddb/FDBTransaction.js';
import { gunzipSync } from 'node:zlib';

import { clock, iso } from '../../../pwa/worker/clock.js';
import { close, database, revision } from '../../../pwa/worker/store/database.js';
import { patchMirror } from '../../../pwa/worker/store/mirror.js';
import { enrolAs } from '../../../pwa/worker/store/records.js';

Object.assign(globalThis, {
  IDBKeyRange: FDBKeyRange, IDBCursor: FDBCursor, IDBCursorWithValue: FDBCursorWithValue, IDBDatabase: FDBDatabase,
  IDBIndex: FDBIndex, IDBObjectStore: FDBObjectStore, IDBRequest: FDBRequest, IDBOpenDBRequest: FDBOpenDBRequest,
  IDBTransaction: FDBTransaction,
});

export const START = Date.parse('2026-11-22T09:00:00.000Z');
export const DEVICE = '0192f0aa-0000-7000-8000-000000000001';

/** An empty device with the clock at START. */
export async function newDevice() {
  await close();
  globalThis.indexedDB = new FDBFactory();
  await restarted();
  setClock(START);
}

/** What a restart of the browser leaves: the disk, and nothing that was in memory. */
export async function restarted() {
  await close();
  revision.own += 1;
  await patchMirror([], true);
}

let now = START;
clock.now = () => now;

/** @param {number} time ms since the epoch */
export function setClock(time) {
  now = time;
}

/** @param {number} ms */
export function wait(ms) {
  now += ms;
}

/**
 * @param {{device?: string, user?: string, facility?: string, epoch?: string}} [as]
 */
export async function enrolled({ device = DEVICE, user = 'ama', facility = 'F1', epoch = 'epoch-1' } = {}) {
  await enrolAs({ user, facility, device, token: `token of ${device}`, device_name: 'Tablet', enrolled_at: now }, epoch);
}

/** @returns {Promise<any[]>} every record of the outbox, by id */
export async function records() {
  return (await database()).getAll('outbox');
}

/**
 * A server that does what PROTOCOL.md says of a push, in memory: it is the other side of these tests, and
 * can be told to fail. `ledger` holds every operation's text by id, in the order in which it was applied.
 */
export class FakeServer {
  epoch = 'epoch-1';
  expected = 1;
  device = DEVICE;
  /** @type {Map<string, {text: string, answer: any}>} */
  ledger = new Map();
  /** @type {{url: string, headers: Headers, text: string, body: any}[]} */
  requests = [];
  /** What happens to the next requests, one each; then it works. @type {((work: () => Response) => Response | Promise<Response>)[]} */
  script = [];
  /** @type {any[]} */
  pages = [];
  /** Outcome by id, if not applied. @type {(operation: any) => any} */
  decide = () => ({ outcome: 'applied', exceptions: [] });
  /** ms that the server's clock is ahead of the device's. */
  ahead = 0;

  /**
   * @param {string} url
   * @param {RequestInit} options
   */
  async fetch(url, options = {}) {
    const headers = new Headers(options.headers);
    const raw = options.body === undefined ? '' : await new Response(options.body).arrayBuffer();
    const text = headers.get('Content-Encoding') === 'gzip' ? gunzipSync(Buffer.from(raw)).toString() : Buffer.from(raw).toString();
    this.requests.push({ url, headers, text, body: text ? JSON.parse(text) : null });
    const work = () => (url.startsWith('/sync/push') ? this.push(text) : this.pull());
    const step = this.script.shift();
    return step ? step(work) : work();
  }

  /** @param {string} text */
  push(text) {
    const { status, body } = this.answerTo(text);
    return json(status, body);
  }

  /** @param {string} text of a push @returns {{status: number, body: any}} */
  answerTo(text) {
    const { device, operations } = JSON.parse(text);
    if (device !== this.device) return { status: 400, body: { detail: 'another device' } };
    let expected = this.expected;
    for (const { seq } of operations) {
      if (seq > expected) return { status: 409, body: { expected_seq: this.expected, epoch: this.epoch, detail: 'gap' } };
      expected = Math.max(expected, seq + 1);
    }
    const texts = operationTexts(text);
    const results = operations.map(({ seq, operation }, i) => {
      const known = this.ledger.get(operation.id);
      if (known) {
        if (known.text !== texts[i]) throw new Error(`${operation.id} came with other bytes`);
        this.expected = Math.max(this.expected, seq + 1);
        return { ...known.answer, seq, replayed: true };
      }
      const answer = { id: operation.id, replayed: false, ...this.decide(operation) };
      this.ledger.set(operation.id, { text: texts[i], answer });
      this.expected = Math.max(this.expected, seq + 1);
      return { ...answer, seq };
    });
    return { status: 200, body: { epoch: this.epoch, server_time: iso(now + this.ahead), expected_seq: this.expected, results } };
  }

  pull() {
    const page = this.pages.shift() ?? { changes: [], cursor: 'c-end', more: false };
    return json(200, { epoch: this.epoch, covers: this.expected - 1, server_time: iso(now + this.ahead), ...page });
  }

  /** Make this the server of the worker. */
  serve() {
    globalThis.fetch = /** @type {typeof fetch} */ ((url, options) => this.fetch(String(url), options));
  }

  /** @returns {any[]} the applied operations */
  get applied() {
    return [...this.ledger.values()].map(({ text }) => JSON.parse(text));
  }
}

/**
 * @param {string} envelope
 * @returns {string[]} the operations' own texts, byte for byte
 */
function operationTexts(envelope) {
  const inside = envelope.slice(envelope.indexOf('"operations":[') + '"operations":['.length, -2);
  if (inside === '') return [];
  return inside.split(/(?:^|,)\{"seq":\d+,"operation":/).slice(1).map((part) => part.slice(0, -1));
}

/**
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
export function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

/** Steps of a script. */
export const dropRequest = () => Promise.reject(new TypeError('Failed to fetch'));
/** @param {() => Response} work */
export const dropAnswer = (work) => {
  work();
  return Promise.reject(new TypeError('Failed to fetch'));
};
/**
 * @param {number} status
 * @param {any} [body]
 * @param {Record<string, string>} [headers]
 */
export const refuse = (status, body = {}, headers = {}) => () => json(status, { type: 'urn:bincard:problem:of_a_test', ...body }, headers);
