/** One life of the app's program on a device: from its start until a crash, a restart or an update ends it. */

import FDBCursor from '../vendor/fake-indexeddb/FDBCursor.js';
import FDBCursorWithValue from '../vendor/fake-indexeddb/FDBCursorWithValue.js';
import FDBDatabase from '../vendor/fake-indexeddb/FDBDatabase.js';
import FDBIndex from '../vendor/fake-indexeddb/FDBIndex.js';
import FDBKeyRange from '../vendor/fake-indexeddb/FDBKeyRange.js';
import FDBObjectStore from '../vendor/fake-indexeddb/FDBObjectStore.js';
import FDBOpenDBRequest from '../vendor/fake-indexeddb/FDBOpenDBRequest.js';
import FDBRequest from '../vendor/fake-indexeddb/FDBRequest.js';
import FDBTransaction from '../vendor/fake-indexeddb/FDBTransaction.js';
import { isCommitted, row } from './disk.js';
import { Locks } from './locks.js';
import { chance } from './random.js';
import { run } from './tasks.js';

const BROWSER = {
  IDBCursor: FDBCursor, IDBCursorWithValue: FDBCursorWithValue, IDBDatabase: FDBDatabase, IDBIndex: FDBIndex,
  IDBKeyRange: FDBKeyRange, IDBObjectStore: FDBObjectStore, IDBOpenDBRequest: FDBOpenDBRequest, IDBRequest: FDBRequest,
  IDBTransaction: FDBTransaction,
  // Compression is threads, whose order no seed decides; without it bodies go out as they are.
  CompressionStream: undefined,
  AbortSignal: { timeout: () => undefined },
};

/** @typedef {{id: number, url: string, method: string, headers: Record<string, string>, body: string, disk: Record<string, string>}} Sent */
/** @typedef {{call: number, value?: any, error?: string, saved?: string}} Done */

export class Incarnation {
  /** @type {(() => void)[]} */
  queue = [];
  now = 0;
  calls = 0;
  fetches = 0;
  /** @type {Map<number, {resolve: (response: any) => void, reject: (error: Error) => void}>} */
  open = new Map();
  /** @type {Sent[]} */
  sent = [];
  /** @type {Done[]} */
  done = [];
  /** @type {Record<string, (...args: any[]) => Promise<any>>} */
  client = {};

  /**
   * @param {any} disk
   * @param {Function} program what `programOf` made of the script
   * @param {{seed: number, locks: boolean}} options locks: whether the browser has navigator.locks
   */
  constructor(disk, program, { seed, locks }) {
    this.disk = disk;
    const random = chance(seed);
    const now = () => this.now;
    class DeviceDate extends Date {
      /** @param {any[]} args */
      constructor(...args) {
        // @ts-ignore: as many as there are
        super(...(args.length > 0 ? args : [now()]));
      }

      static now() {
        return now();
      }
    }
    const navigator = locks ? { locks: new Locks() } : {};
    program({
      ...BROWSER,
      indexedDB: disk,
      Date: DeviceDate,
      Math: Object.assign(Object.create(Math), { random }),
      crypto: { getRandomValues: (/** @type {Uint8Array} */ bytes) => bytes.map((_, i) => (bytes[i] = Math.floor(random() * 256))) },
      navigator,
      globalThis: { navigator, BUILD: { version: 'simulated', files: {} } },
      fetch: (/** @type {string} */ url, /** @type {RequestInit} */ options) => this.#send(url, options),
      become: (/** @type {any} */ client) => (this.client = client),
    });
  }

  /**
   * @param {string} url
   * @param {any} options
   */
  #send(url, { method = 'GET', headers = {}, body = '' } = {}) {
    this.fetches += 1;
    const id = this.fetches;
    this.sent.push({ id, url, method, headers: { ...headers }, body, disk: this.#lying(url, body) });
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
    });
  }

  /**
   * @param {string} url
   * @param {string} body
   * @returns {Record<string, string>} the texts on the disk, by id, of what a push sends
   */
  #lying(url, body) {
    if (!url.startsWith('/sync/push')) return {};
    return Object.fromEntries(JSON.parse(body).operations
      .map(({ operation: { id } }) => [id, row(this.disk, 'outbox', id)?.text ?? null]));
  }

  /**
   * @param {string} id
   * @returns {string} the operation's text if it is durable at the very moment in which the screen would say so
   */
  #saved(id) {
    return isCommitted(this.disk, 'outbox') ? row(this.disk, 'outbox', id)?.text ?? '' : '';
  }

  /**
   * @param {string} name
   * @param {any[]} args
   * @param {number | null} limit of tasks
   */
  async call(name, args, limit) {
    this.calls += 1;
    const call = this.calls;
    return this.step(() => {
      const work = this.client[name];
      if (!work) throw new Error(`the client cannot ${name}`);
      work(...args).then((value) => {
        this.done.push({ call, value, saved: name === 'append' ? this.#saved(value.id) : undefined });
      }, (error) => this.done.push({ call, error: String(error?.stack ?? error) }));
    }, limit);
  }

  /**
   * @param {number} id of a fetch
   * @param {{status?: number, headers?: Record<string, string>, body?: string, fail?: string}} answer
   * @param {number | null} limit
   */
  async answer(id, { status = 0, headers = {}, body = '', fail }, limit) {
    const waits = this.open.get(id);
    if (!waits) throw new Error(`nothing waits for ${id}`);
    this.open.delete(id);
    return this.step(() => {
      if (fail !== undefined) waits.reject(new TypeError(fail));
      else {
        waits.resolve({
          ok: status >= 200 && status < 300, status, headers: new Headers(headers), json: async () => JSON.parse(body), text: async () => body,
        });
      }
    }, limit);
  }

  /**
   * @param {() => void} begin
   * @param {number | null} limit
   */
  async step(begin, limit) {
    const tasks = await run(this.queue, begin, limit);
    const { sent, done } = this;
    this.sent = [];
    this.done = [];
    return { tasks, quiet: this.queue.length === 0, sent, done };
  }
}

const GIVEN = [...Object.keys(BROWSER), 'indexedDB', 'Date', 'Math', 'crypto', 'navigator', 'globalThis', 'fetch', 'become'];
const GIVEN_NAMES = [...new Set(GIVEN)];

/**
 * @param {string} script
 * @returns {Function} runs it in a world of its own, which is all that it sees of the browser
 */
export function programOf(script) {
  const body = new Function(...GIVEN_NAMES, script);
  return (/** @type {Record<string, any>} */ world) => body(...GIVEN_NAMES.map((name) => world[name]));
}
