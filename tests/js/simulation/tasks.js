/**
 * The turns of the event loop, one by one: fake-indexeddb queues each step of a database as a task, and here
 * every device has a queue of its own that runs only when it is told to, and only as far.
 */

/** @typedef {(() => void)[]} Queue */

const realImmediate = globalThis.setImmediate;

/** What a device that never comes to rest would do: no step of a simulation is near this many. */
const TASKS_MAX = 200_000;

/** @type {Queue | null} */
let current = null;

globalThis.setImmediate = /** @type {typeof setImmediate} */ (/** @type {unknown} */ ((/** @type {() => void} */ task) => {
  if (!current) throw new Error('a task of no device');
  current.push(task);
}));

/** @returns {Promise<void>} when every promise that can go on has gone on */
function settled() {
  return new Promise((resolve) => {
    realImmediate(resolve);
  });
}

/**
 * Do something as a device and run its tasks, promises settling between any two, until it waits for the world.
 *
 * @param {Queue} queue
 * @param {() => void} begin
 * @param {number | null} limit at most so many tasks; the rest stays queued
 * @returns {Promise<number>} how many ran
 */
export async function run(queue, begin, limit) {
  current = queue;
  try {
    begin();
    await settled();
    let ran = 0;
    while (queue.length > 0 && ran !== limit) {
      /** @type {() => void} */ (queue.shift())();
      ran += 1;
      await settled();
      if (ran > TASKS_MAX) throw new Error('the device never comes to rest');
    }
    return ran;
  } finally {
    current = null;
  }
}
