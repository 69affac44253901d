/** Starts the watcher of this tree of processes (`platform/named/watcher-main.ts`), where none runs. */

import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childProcess } from '../../builtins.ts';
import { UnsupportedPlatformError } from '../../errors.ts';
import { withoutContext } from '../../loop/index.ts';
import { heapDescriptorForChild, registry, setWatcher, watcherPid } from '../../memory/index.ts';
import { placeOf } from '../../places.ts';
import { isThreadAlive } from '../../platform/index.ts';
import { monotonicNow } from '../../real-timers.ts';

/** Options of Node that make it small. */
const options = ['--max-semi-space-size=1', '--max-old-space-size=64', '--v8-pool-size=1', '--no-deprecation'];

/** Milliseconds in which a watcher is not looked for again. */
const trustFor = 10;
let seenPid = 0;
let seenAt = -Infinity;

/** Without what makes Node load more, or write. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')));
}

/**
 * Sees to it that a watcher runs. Called when this process has an entry: a watcher that is about to end looks for entries once more, after it has said so.
 *
 * @throws UnsupportedPlatformError if there cannot be one
 */
export function ensureWatcher(): void {
  const now = monotonicNow();
  if (now - seenAt < trustFor && watcherPid() === seenPid) return;
  for (let seen = watcherPid(); !isAlive(seen); seen = watcherPid()) if (start(seen)) break;
  seenPid = watcherPid();
  seenAt = now;
}

/** A watcher that was killed is dead before its parent has collected it. */
function isAlive(pid: number): boolean {
  return pid !== 0 && isThreadAlive({ pid, tid: pid, processStart: 0, threadStart: 0 }, true);
}

/** Starts another watcher for one that was killed: blocks of this tree may be in use. One that ends by itself is not needed. */
function ended(signal: NodeJS.Signals | null): void {
  seenAt = -Infinity;
  if (signal === null) return;
  try {
    ensureWatcher();
  } catch (error) {
    process.emitWarning(`tracked memory is not watched over: ${(error as Error).message}`);
  }
}

/** True if the started one is that of the tree; false if another thread was quicker. */
function start(seen: number): boolean {
  const heap = heapDescriptorForChild();
  if (heap === undefined)
    throw new UnsupportedPlatformError('the processes of this program cannot share memory, so that memory cannot be tracked');
  const args = [...options, fileURLToPath(placeOf('platform/named/watcher-main.js')), JSON.stringify(registry)];
  let child: ChildProcess | undefined;
  withoutContext(() => {
    child = childProcess().spawn(process.execPath, args, {
      // A session of its own: what ends this program by its terminal or its process group does not end the watcher.
      detached: true,
      cwd: '/',
      env: environment(),
      stdio: ['ignore', 'ignore', 'ignore', heap],
      windowsHide: true,
    });
  });
  // A child that could not be started says why by this event, when this call is over.
  child!.on('error', () => {});
  child!.on('exit', (_, signal) => ended(signal));
  const { pid } = child!;
  if (pid === undefined)
    throw new UnsupportedPlatformError(
      'the process that watches over tracked memory cannot be started; memory that is created with track: false needs none',
    );
  child!.unref();
  if (setWatcher(seen, pid)) return true;
  child!.kill('SIGKILL');
  return false;
}
