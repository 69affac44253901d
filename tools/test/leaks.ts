/**
 * The leftovers that a test file must avoid: a process, a file in its temporary directory, a file in /dev/shm.
 *
 * A test's processes are known by the environment variable that all of them inherit, and by the session that the driver
 * started for the test; so one that lost its parent is found too.
 */

import { readdirSync, readFileSync } from 'node:fs';

/** Things in a temporary directory that other programs keep there on purpose: caches that tests do not own. */
const CACHES = [
  /^tsx-\d+$/, // tsx's transform cache
  /^node-compile-cache$/, // node's own, which npm and tsx switch on
];

interface Found {
  pid: number;
  command: string;
}

/** The living processes of a test: those that have `HEDDLE_TEST_ID=id` in their environment or belong to its session. */
function processesOf(id: string, session: number): Found[] {
  const found: Found[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      // pid (command) state parent group session …; the command may hold blanks and brackets
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, , , itsSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || state === 'X') continue;
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (Number(itsSession) !== session && !environment.includes(`HEDDLE_TEST_ID=${id}`)) continue;
      found.push({ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim() });
    } catch {
      // it ended during the look, or belongs to another user
    }
  }
  return found;
}

/** Waits until none is left; after `patience` ms it kills and returns those that still live. */
export async function leakedProcesses(id: string, session: number, patience: number): Promise<Found[]> {
  const deadline = Date.now() + patience;
  let found = processesOf(id, session);
  while (found.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    found = processesOf(id, session);
  }
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  }
  return found;
}

export function leakedFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => !CACHES.some((cache) => cache.test(name)));
}

/**
 * New files in /dev/shm. Several test files run at once, so a new name is charged to all that ran beside it, and only
 * when the last of them has ended and it is still there.
 */
export class SharedMemoryWatch {
  #known = new Set(list());
  #running = new Set<string>();
  #suspects = new Map<string, { ranBeside: Set<string>; stillRunning: Set<string> }>();

  begin(file: string): void {
    this.#running.add(file);
  }

  /** The names that this end proves to be left behind, each with the files that may have made it. */
  end(file: string): { name: string; files: string[] }[] {
    this.#running.delete(file);
    const present = list();
    for (const name of present) {
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      this.#suspects.set(name, { ranBeside: new Set([file, ...this.#running]), stillRunning: new Set(this.#running) });
    }
    const proven: { name: string; files: string[] }[] = [];
    for (const [name, { ranBeside, stillRunning }] of this.#suspects) {
      stillRunning.delete(file);
      if (present.includes(name) && stillRunning.size > 0) continue;
      this.#suspects.delete(name);
      if (present.includes(name)) proven.push({ name, files: [...ranBeside] });
    }
    return proven;
  }
}

function list(): string[] {
  try {
    return readdirSync('/dev/shm');
  } catch {
    return []; // a system without it
  }
}
