/**
 * The common part of `Process` and `Thread`: their options, the data that travels to the child and its opening there, the end of `run()`,
 * and the return of its error.
 *
 *    starter   readRunOptions ▶ encodeRun ══ packet, parcel ══▶ openRun ▶ untilSettled   child
 *              rebuildError, untilEnded   ◀══ error, as packet and text ══ textOf
 */

import { writeSync } from 'node:fs';
import { inspect, types } from 'node:util';
import { checkBoolean, checkFunction, expected } from '../../check.ts';
import { type Border, decode, encode, type Incoming, originalStack, type Packet, prepare, prepareSync } from '../../codec/index.ts';
import { HeddleError } from '../../errors.ts';
import { handleDoor, heapSlot, notSent } from '../../handles.ts';
import * as timers from '../../real-timers.ts';
import { TypeError } from '../../refusals.ts';
import { hideOwnFrames } from '../../stack-frames.ts';
import { beginRun } from '../inside/nesting.ts';
import { loadKinds, newLinkNumber } from '../link/parcels.ts';

/** Options of both. */
export interface RunOptions<A extends unknown[]> {
  readonly target?: ((...args: A) => unknown) | undefined;
  readonly args?: A | undefined;
  readonly name?: string | undefined;
  readonly daemon?: boolean | undefined;
}

/** @throws TypeError if it is not a string */
export function checkName(name: unknown): void {
  if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
}

/** @throws TypeError for a generator function: a call of it runs nothing of its body */
export function refuseGenerator(fn: unknown, what: string): void {
  if (types.isGeneratorFunction(fn))
    throw new TypeError(
      `expected ${what} to be a function that runs when it is called, got a generator function, of which a call runs nothing`,
    );
}

/** @throws TypeError for an option of the wrong kind */
export function readRunOptions<A extends unknown[]>({
  target,
  args,
  name,
  daemon,
}: RunOptions<A>): Omit<RunOptions<A>, 'args'> & {
  readonly args: readonly unknown[];
} {
  if (target !== undefined) checkFunction(target, 'target');
  refuseGenerator(target, 'target');
  if (args !== undefined && !Array.isArray(args)) throw new TypeError(expected('args', 'an array of arguments', args));
  if (name !== undefined) checkName(name);
  checkBoolean(daemon, 'daemon');
  return { target, args: [...(args ?? [])], name, daemon };
}

/** The run of a child. */
export interface Run<Self> {
  readonly target: ((...args: never[]) => unknown) | undefined;
  readonly args: readonly unknown[];
  /** The `Process` or `Thread` itself. */
  readonly this: Self;
}

/** The object that is being encoded by its own `start()`, and one that it carries. */
let starting: object | undefined;
let carried: object | undefined;

/** Calls `start`, which may send an object that otherwise stays at home. */
export function sendWith(object: object, start: () => void): void {
  const before = carried;
  carried = object;
  try {
    start();
  } finally {
    carried = before;
  }
}

/** Has the instances of a class refused anywhere but in their own `start()`. */
export function keepAtHome(
  Class: { readonly name: string; readonly prototype: object },
  nameOf: (instance: object) => string | undefined,
): void {
  const { name: kind } = Class;
  Object.defineProperty(Class.prototype, notSent, {
    value(this: object): string | undefined {
      if (this === starting || this === carried) return undefined;
      return `${nameOf(this) ?? `a ${kind}`} cannot cross: a ${kind} belongs to the ${kind.toLowerCase()} that made it`;
    },
  });
}

// ---- in the starter

/** A run on its way: dropping the parcels of its link lets go of the shared objects in it. */
export interface EncodedRun {
  readonly packet: Packet;
  readonly parcel: number;
  readonly link: number;
}

/** @throws SerializationError if something in it cannot cross; TypeError if its `run()` is a generator function */
export function encodeRun(run: Run<object>, border: Border): EncodedRun {
  refuseGenerator((run.this as { readonly run?: unknown }).run, 'run()');
  const before = starting;
  starting = run.this;
  try {
    const packet = encode(run, { root: border.kind, border });
    const { handles } = packet;
    const link = newLinkNumber();
    const parcel = handles.length === 0 ? 0 : handleDoor()!.makeParcel(handles, { host: heapSlot(), link });
    handleDoor()?.unpin(handles);
    return { packet, parcel, link };
  } finally {
    starting = before;
  }
}

/** The received part of a run, or of an error. */
interface Arrived extends Pick<Incoming, 'bytes' | 'modules' | 'attachments'> {}

/** An error as text. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

// ---- in the child

/** Imports what a run needs, and decodes it. */
export async function openRun<Self>(
  { bytes, modules, attachments, parcel }: Arrived & { readonly parcel: number },
  border: Border,
): Promise<Run<Self>> {
  if (parcel !== 0) await loadKinds();
  const handles = parcel === 0 ? [] : handleDoor()!.openParcel(parcel);
  await prepare({ modules });
  return decode({ bytes, modules, attachments, handles }, border) as Run<Self>;
}

/**
 * Calls `run`, and waits for its promise. An event loop that runs dry before has nothing left that could settle that: then `fail` is called.
 *
 * @param name of the process or thread, for the error
 */
export async function untilSettled(run: () => unknown, name: string, fail: (error: unknown) => void): Promise<void> {
  const stuck = (): void =>
    fail(new HeddleError(`run() of ${name} can never settle: it waits for a promise, but nothing is left that could settle it`));
  process.on('beforeExit', stuck);
  beginRun();
  try {
    await run();
  } finally {
    process.off('beforeExit', stuck);
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes completely and without an event loop, whatever has replaced `process.stdout`. A closed or broken stream is not an error. */
export function writeAtOnce(descriptor: number, chunk: string | Uint8Array): void {
  const bytes = Buffer.from(chunk);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Puts the stacks of an error, its causes and its parts back to the user's source, without frames of heddle. */
export function showToUser(error: unknown, seen: Set<unknown> = new Set()): void {
  if (seen.has(error)) return;
  seen.add(error);
  try {
    if (!(error instanceof Error)) return;
    for (const part of [error.cause, ...(error instanceof AggregateError ? error.errors : [])]) showToUser(part, seen);
    if (typeof error.stack !== 'string') return;
    const original = originalStack(error.stack);
    if (original !== error.stack) error.stack = original;
  } catch {
    // A frozen error keeps its stack, and so does one whose getters throw.
  }
  hideOwnFrames(error);
}

export function textOf(error: unknown): ErrorText {
  try {
    const { name, message, stack } = error instanceof Error ? error : new Error(inspected(error));
    if (typeof name === 'string' && typeof message === 'string')
      return { name, message, stack: typeof stack === 'string' ? stack : `${name}: ${message}` };
  } catch {
    // The getters throw, or the error is a proxy whose traps do.
  }
  const text = inspected(error);
  return { name: 'Error', message: text, stack: `Error: ${text}` };
}

/** A value as `console.log` shows it, also one whose own code for that throws. */
export function inspected(value: unknown): string {
  for (const customInspect of [true, false]) {
    try {
      return inspect(value, { customInspect });
    } catch {
      // The getters throw.
    }
  }
  return 'an error that cannot be shown: reading it throws';
}

// ---- back in the starter

/**
 * Rebuilds an error in its own class, and calls `done`. As text it is there before. Modules that it needs are loaded at once where the end was asked
 * for by a synchronous call, such as `joinSync`, and they can be; else by import, and the error is rebuilt later.
 *
 * @param put is given the error; not called where it cannot be rebuilt
 */
export function rebuildError(
  arrived: Arrived,
  kind: Border['kind'],
  isAtOnce: boolean,
  put: (error: Error) => void,
  done: () => void,
): void {
  const rebuild = (): void => {
    try {
      put(asError(decode(arrived, { kind })));
    } catch {
      // The text stands for it.
    }
  };
  if (isAtOnce) {
    try {
      prepareSync(arrived.modules);
    } catch {
      // A module with a top-level await, or a loader in the way.
    }
  }
  const missing = prepare(arrived);
  if (missing !== undefined) return void missing.then(rebuild, () => {}).finally(done);
  rebuild();
  done();
}

/** The error that stands for what `run()` threw. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new HeddleError(`run() threw ${inspected(thrown)}`, { cause: thrown });
}

export function errorOf({ name, message, stack }: ErrorText): Error {
  const error = new Error(message);
  error.name = name;
  error.stack = stack;
  return error;
}

/**
 * Waits until one of the waiters is called.
 *
 * @param waiters called when the child has ended
 * @param ms milliseconds, or Infinity
 * @returns false if that takes longer than `ms`
 * @throws the signal's reason
 */
export function untilEnded(waiters: Set<() => void>, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (act: () => void): void => {
      waiters.delete(ended);
      if (timer !== undefined) timers.clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      act();
    };
    const ended = (): void => settle(() => resolve(true));
    const aborted = (): void => settle(() => reject(signal?.reason as Error));
    waiters.add(ended);
    signal?.addEventListener('abort', aborted);
    if (ms !== Infinity) timer = timers.setTimeout(() => settle(() => resolve(false)), Math.min(ms, 2 ** 31 - 1));
  });
}
