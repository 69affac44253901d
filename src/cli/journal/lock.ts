/**
 * One process at a time on one journal.
 *
 *     jobs.journal.lock.4711-88231    each process that wants it makes a file of its own, named by its id and start,
 *     jobs.journal.lock.4790-91104    and then looks for the others'
 *
 * The name identifies the process. A file whose process is gone can therefore be told from one that is in use, and any process may remove
 * it: the dead one does not come back. A lock is never in the way after a SIGKILL, and is never taken over from a process that is just
 * taking it over.
 *
 * Of two processes that begin at once, at least one sees the other, whose file was there before it looked. An empty file says "I look", a
 * filled one "I have it". A process that sees a filled one gives up. Of those that look, the one with the lowest name waits until the
 * others have given up or one of them has it; the others give up.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_AGAIN = 5;

/** @returns what gives it back, or the id of the process that has it. @throws what the file system says */
export async function lock(path: string): Promise<{ release(): void } | { heldBy: number }> {
  const target = realPath(path);
  const own = `${target}.lock.${process.pid}-${startOf(process.pid) ?? ''}`;
  const release = (): void => {
    process.off('exit', release);
    rmSync(own, { force: true });
  };
  writeFileSync(own, '');
  process.on('exit', release);
  try {
    for (;;) {
      const others = livingOthers(target, own);
      const winner = others.find(({ isHeld, file }) => isHeld || file < own);
      if (winner !== undefined) {
        release();
        return { heldBy: winner.pid };
      }
      if (others.length === 0) break;
      await pause(LOOK_AGAIN);
    }
    writeFileSync(own, 'held\n');
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

interface Other {
  readonly file: string;
  readonly pid: number;
  readonly isHeld: boolean;
}

/** Removes what dead processes left. */
function livingOthers(target: string, own: string): Other[] {
  const prefix = `${basename(target)}.lock.`;
  const others: Other[] = [];
  for (const name of readdirSync(dirname(target))) {
    const [, pid, start] = /^(\d+)-(.*)$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? [];
    const file = join(dirname(target), name);
    if (pid === undefined || file === own) continue;
    if (mayStillRun(Number(pid), start)) {
      const size = statSync(file, { throwIfNoEntry: false })?.size;
      if (size !== undefined) others.push({ file, pid: Number(pid), isHeld: size > 0 });
    } else rmSync(file, { force: true });
  }
  return others;
}

/** The file that a path leads to, so that two names of one journal are one; it need not be there. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(path)), basename(path));
  }
}

/**
 * True if the process with that id and start lives. A process that `/proc` hides from this user (`hidepid`) counts as the one that started
 * then.
 */
function mayStillRun(pid: number, start: string | undefined): boolean {
  const found = startOf(pid);
  return found === undefined ? process.platform === 'linux' && statusOf(pid).length === 0 && isThere(pid) : found === start;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Identifies a process among later ones with the same id. Undefined: there is none, it is a zombie, or it is hidden. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const [state, ...fields] = statusOf(pid);
    return state === undefined || state === 'Z' || state === 'X' ? undefined : fields[18];
  }
  if (!isThere(pid)) return undefined;
  if (process.platform === 'win32') return '';
  try {
    return String(Date.parse(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })));
  } catch {
    return '';
  }
}

/** The fields of /proc/PID/stat from the state on; those before it are the id and the name, which may hold anything. */
function statusOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
