/**
 * A run of a `Process` in a thread of this program: the start method `thread`. A `Thread` carries it, whose `run()` makes the process the one that
 * runs there, and calls the `run()` of the process.
 */

import { constants } from 'node:os';
import { travelByName } from '../codec/index.ts';
import { ProcessError } from '../errors.ts';
import { exitBySignal, insideOf, Thread, type ThreadInside } from '../thread/index.ts';
import { refuseGenerator, sendWith, setIdentity } from '../worker/ground.ts';
import { currentProcess, setOwn } from './identity.ts';
import type { RunEnd, RunOrder, StartedRun } from './run.ts';
import { adopt } from './state.ts';

/**
 * Starts a thread that runs `self`.
 *
 * @param onEnd called once, when the end has been seen
 * @throws ProcessError for pipes as standard streams; SerializationError if something cannot cross
 */
export function startInThread(self: Runnable, order: RunOrder, onEnd: () => void): StartedRun {
  if (order.stdio !== 'inherit')
    throw new ProcessError(
      `${order.name} cannot be started: stdio '${order.stdio}' needs a process of its own, and the start method is 'thread'`,
    );
  refuseGenerator(self.run, 'run()');
  const thread = new ProcessThread(self, order);
  sendWith(self, () => thread.start());
  return new ThreadRun(thread, onEnd);
}

interface Runnable {
  run(): unknown;
}

/** Carries a `Process`. */
export class ProcessThread extends Thread<unknown[]> {
  readonly process: Runnable;
  readonly path: readonly number[];
  readonly parent: { readonly pid: number; readonly name: string };

  constructor(process: Runnable, { name, daemon, path, target, args }: RunOrder) {
    super({ target: target as (...given: unknown[]) => unknown, args: [...args], name, daemon });
    const { pid, name: parentName } = currentProcess();
    this.process = process;
    this.path = path;
    this.parent = { pid, name: parentName };
  }

  override run(): unknown {
    const { name, daemon, path, parent, process: runs } = this;
    const target = (): unknown => super.run();
    setIdentity({ name, daemon, path, parent, children: new Int32Array(new SharedArrayBuffer(4)) });
    adopt(
      runs,
      { name, daemon, path, target, args: [] },
      { ident: this.ident!, send: (signal) => exitBySignal(this, constants.signals[signal]) },
    );
    setOwn(runs as Runnable & { name: string; pid: number; daemon: boolean; isAlive(): boolean });
    return runs.run();
  }
}

travelByName(ProcessThread, 'process/index.js');

class ThreadRun implements StartedRun {
  readonly pid: number = process.pid;
  readonly stdin: null = null;
  readonly stdout: null = null;
  readonly stderr: null = null;
  readonly #thread: ProcessThread;
  readonly #inside: ThreadInside;
  readonly #onEnd: () => void;
  #end: RunEnd | undefined;
  /** The signal that has ended it, if one has. */
  #sent: NodeJS.Signals | undefined;

  constructor(thread: ProcessThread, onEnd: () => void) {
    this.#thread = thread;
    this.#inside = insideOf(thread);
    this.#onEnd = onEnd;
    this.waiters.add(() => this.look());
  }

  get ident(): number {
    return this.#thread.ident!;
  }

  get waiters(): Set<() => void> {
    return this.#inside.waiters;
  }

  look(): RunEnd | undefined {
    if (this.#end !== undefined || this.#thread.isAlive()) return this.#end;
    const { exitCode } = this.#inside;
    const signal = this.#sent === undefined ? undefined : -constants.signals[this.#sent];
    this.#end = { exitCode: exitCode() ?? signal ?? 1, error: null };
    const thread = this.#thread;
    // The error may be rebuilt in its own class only later.
    Object.defineProperty(this.#end, 'error', { get: () => thread.error });
    this.#onEnd();
    return this.#end;
  }

  drain(): void {}

  rest(ms: number): void {
    this.#thread.joinSync(ms);
  }

  keepAlive(does: boolean): void {
    this.#inside.keepAlive(does);
  }

  /** A thread knows no signals: each ends it. */
  send(signal: NodeJS.Signals): void {
    this.#sent = signal;
    void this.#thread.terminate();
  }
}
