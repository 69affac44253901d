/** The report of a blocking call. */

import { inspect } from 'node:util';
import { twinOf } from './targets.ts';
import { isThenable } from '../../thenable.ts';

/** A call, or a step, that blocked the thread and with it every greenlet. */
export interface Blocked {
  /** The called function, such as `fs.readFileSync`; `(long step)` or `(long stretch)` for the greenlet's own work. */
  readonly name: string;
  /**
   * Where, in lines such as `    at f (file:///…/main.js:12:3)`: the program's frames only. Of a long step where it was when it had
   * lasted too long. Without frames, the place where the greenlet was spawned.
   */
  readonly stack: string;
  /** Milliseconds lost. For a long stretch, a lower bound. */
  readonly ms: number;
  /** The name of the greenlet. */
  readonly greenlet: string;
}

/** The reaction to a blocking call: see `PatchOptions.onBlock`. */
export type OnBlock = 'warn' | 'throw' | ((blocked: Blocked) => unknown);

/** The work of a greenlet between two waits. */
export const LONG_STEP = '(long step)';
/** The event loop did not turn: an async function that does not wait, or waits for what is there. */
export const LONG_STRETCH = '(long stretch)';

/** Call and place of what was warned of. */
const warned = new Set<string>();

/** Never throws, as its callers are in the middle of a foreign call. */
export function tell(blocked: Blocked, onBlock: OnBlock): void {
  if (typeof onBlock !== 'function') return warn(blocked);
  try {
    const result = onBlock(blocked);
    if (isThenable(result)) result.then(undefined, complain);
  } catch (error) {
    complain(error);
  }
}

function complain(error: unknown): void {
  process.stderr.write(`heddle: onBlock of monkey.patchAll() failed: ${inspect(error)}\n`);
}

function warn({ name, stack, ms, greenlet }: Blocked): void {
  const place = `${name}\n${stack.split('\n')[0]}`;
  if (warned.has(place)) return;
  warned.add(place);
  const lost = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  process.emitWarning(`${name} in ${greenlet} kept this thread from all others for ${lost}: ${cureOf(name)}`, {
    type: 'BlockingWarning',
    code: 'HEDDLE_BLOCKING',
    detail: stack,
  });
}

export function cureOf(name: string): string {
  if (name === LONG_STEP || name === LONG_STRETCH) return 'give way with sleep(0) in between, or let toThread() do it';
  return `use ${twinOf(name)}, or let toThread() do it`;
}
