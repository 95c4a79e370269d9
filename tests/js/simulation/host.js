/** Devices for the simulation: commands come as JSON lines, and each is answered by one line when it is done. */

import { createInterface } from 'node:readline';

import FDBFactory from '../vendor/fake-indexeddb/FDBFactory.js';
import { copy, crash, rows, stores } from './disk.js';
import { Incarnation, programOf } from './incarnation.js';

/** @type {Map<string, Function>} programs by name */
const programs = new Map();
/** @type {Map<string, any>} disks by name: those of devices, and the copies that were put away */
let disks = new Map();
/** @type {Map<string, Incarnation>} who runs on a disk now */
let alive = new Map();

/** @param {any} command @returns {Incarnation} */
function device({ disk, now }) {
  const found = alive.get(disk);
  if (!found) throw new Error(`${disk} is off`);
  found.now = now;
  return found;
}

/** @type {Record<string, (command: any) => unknown>} */
const commands = {
  program: ({ name, script }) => void programs.set(name, programOf(script)),
  clear: () => {
    disks = new Map();
    alive = new Map();
  },
  boot: ({ disk, program, seed, locks }) => {
    if (alive.has(disk)) throw new Error(`${disk} runs already`);
    if (!disks.has(disk)) disks.set(disk, new FDBFactory());
    alive.set(disk, new Incarnation(disks.get(disk), /** @type {Function} */ (programs.get(program)), { seed, locks }));
  },
  crash: ({ disk, stands }) => {
    crash(disks.get(disk), stands);
    alive.delete(disk);
  },
  call: (command) => device(command).call(command.name, command.args, command.limit),
  answer: (command) => device(command).answer(command.fetch, command.answer, command.limit),
  run: (command) => device(command).step(() => {}, command.limit),
  copy: ({ disk, to }) => {
    if (alive.has(disk) || alive.has(to)) throw new Error('a disk is copied while nobody writes on it');
    disks.set(to, copy(disks.get(disk)));
  },
  texts: ({ disk }) => Object.fromEntries(rows(disks.get(disk), 'outbox').map(([id, { text }]) => [id, text])),
  look: ({ disk }) => Object.fromEntries(stores(disks.get(disk)).map((name) => [name, rows(disks.get(disk), name)])),
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const command = JSON.parse(line);
    answer = { ok: (await commands[command.do]?.(command)) ?? null };
  } catch (error) {
    answer = { error: String(/** @type {Error} */ (error)?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
