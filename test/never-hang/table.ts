/** The table "ways to die × waiters × kinds": what a row, a column and a cell are. */

import assert from 'node:assert/strict';
import { type ExecutorOptions, WorkerLost } from 'heddle';
import type { Fate } from './fate.ts';
import type { Mark } from './mark.ts';
import type { Waiter } from './waiters.ts';

export type Kind = 'thread' | 'process';
export const kinds: readonly Kind[] = ['thread', 'process'];

export interface Row {
  readonly name: string;
  /** Where it cannot be tried: why. */
  readonly notFor?: { readonly [kind in Kind]?: string };
  /**
   * Tries it in a pool of its own. Returns the milliseconds from the event to the moment when what waits has settled.
   *
   * @throws what is not as it must be, or Hung
   */
  run(kind: Kind, waiter: Waiter): Promise<number>;
}

/** The facts that a check may use. */
export interface Circumstances {
  readonly kind: Kind;
  readonly waiter: Pick<Waiter, 'name'>;
  readonly marks: readonly Mark[];
}

export type Check = (fate: Fate, circumstances: Circumstances) => void;

/** A way for a task, or for the worker it is in, to come to a bad end. */
export interface Way {
  readonly name: string;
  readonly notFor?: { readonly [kind in Kind]?: string };
  readonly options?: ExecutorOptions | ((kind: Kind) => ExecutorOptions);
  /** Runs in the worker; strikes the mark at the moment from which time is counted. */
  readonly die: (strike: () => void) => unknown;
  /** Milliseconds the victim has; what comes of it is counted from their end. */
  readonly timeout?: number;
  /** The victim is aborted with this when it is at work. */
  readonly abort?: Error;
  /** The action on the worker when the victim is at work in it. */
  readonly act?: (worker: Mark) => void;
  readonly victim: Check;
  /** The check of waiters beside it; default: they end well. */
  readonly others?: Check;
  /** The fate of the worker; `none`: it never started. */
  readonly worker: (kind: Kind) => 'ends' | 'goes on' | 'none';
  /** Nothing else may be at work in the worker. */
  readonly needsQuiet?: true;
  /** For ways that never strike the mark: milliseconds after the call at which it happens; default 0. */
  readonly after?: number;
}

export const endsWell: Check = ({ ok, value }) => {
  if (!ok) throw value;
};

/** Lost with its worker, and says which that was, how it ended and what it ran. */
export function lost(how: { exitCode?: number; signals?: readonly string[]; cause?: RegExp }, task: string = 'victim'): Check {
  return ({ ok, value }, { kind, marks, waiter }) => {
    assert.ok(!ok && value instanceof WorkerLost, `expected WorkerLost, got ${String(value)}`);
    assert.equal(value.task, task);
    assert.equal(value.exitCode, how.exitCode ?? null);
    if (how.signals === undefined) assert.equal(value.signal, null);
    else assert.ok(how.signals.includes(value.signal ?? ''), `signal ${value.signal}`);
    if (kind === 'thread') assert.ok(value.threadId! > 0 && value.pid === process.pid);
    else assert.ok(marks.length === 0 ? value.pid! > 0 : marks.some(({ pid }) => pid === value.pid), `pid ${value.pid} of ${waiter.name}`);
    const who = kind === 'thread' ? `thread ${value.threadId}` : `process ${value.pid}`;
    assert.ok(value.message.startsWith(`the worker (${who}) that ran ${task} `), value.message);
    if (how.cause !== undefined) assert.match((value.cause as Error | undefined)?.message ?? '(no cause)', how.cause);
  };
}
