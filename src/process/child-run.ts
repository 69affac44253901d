/**
 * A run of a `Process` in a child process of its own.
 *
 *    start   this, target and args ── packet ──▶ message file ──▶ child: run()
 *    end     'exit' of the child, or a look at it by joinSync, isAlive and exitCode: whichever comes first is what all report
 *    error   what run() threw ◀── message file, read when the end is seen
 */

import { readSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { type Border, realmId } from '../codec/index.ts';
import { ProcessError } from '../errors.ts';
import { handleDoor, heapForChild } from '../handles.ts';
import {
  closeMessageFile,
  type ExitStatus,
  lookAtChild,
  openMessageFile,
  readMessage,
  sleepUntilChild,
  writeMessage,
} from '../platform/index.ts';
import * as timers from '../real-timers.ts';
import {
  type Child,
  type ChildOptions,
  chosenMethod,
  encodeRun,
  errorOf,
  passAborts,
  PipeLink,
  rebuildError,
  releaseChild,
  setAtExit,
  socketOf,
  startChild,
  takeBlank,
} from '../worker/ground.ts';
import { currentProcess } from './identity.ts';
import { exitMarkOf, markInterrupt, OUTCOME, type OutcomeHeader, START, type StartHeader } from './message.ts';
import type { RunEnd, RunOrder, StartedRun } from './run.ts';

/**
 * Starts a child that runs `self`. Everything that the child needs has left this process on return.
 *
 * @param isWarm true: a blank process does it, where one is ready
 * @param onEnd called once, when the end has been seen
 * @throws ProcessError if the system gives no process; SerializationError if something cannot cross
 */
export function startInChild(self: object, order: RunOrder, isWarm: boolean, onEnd: () => void): StartedRun {
  const { target, args, path, name, daemon, stdio } = order;
  // Where this process shares with none, that is the reason.
  const isApart = heapForChild() === undefined && handleDoor()?.whyApart() === undefined;
  const apart = isApart ? 'it shares no memory with this process' : undefined;
  const border: Border = { kind: 'process', apart };
  const { packet, parcel, link } = encodeRun({ target, args, this: self }, border);
  const { signals } = packet;
  const blank = isWarm && stdio === 'inherit' ? takeBlank() : undefined;
  let file = blank?.file;
  try {
    const { pid: parentPid, name: parentName } = currentProcess();
    const header: StartHeader = {
      name,
      path,
      daemon,
      parent: { pid: parentPid, name: parentName },
      realm: realmId,
      argv: process.argv.slice(1),
      modules: packet.modules,
      parcel,
      hasSignals: signals.length > 0,
      method: chosenMethod(),
      handover: blank?.handover,
    };
    file ??= openMessageFile();
    writeMessage(file, START, header, packet.bytes);
    const child = blank?.child ?? startAnew(file, stdio, signals.length > 0 ? 'pipe' : 'without-lifeline');
    const { pid } = child.process;
    if (pid === undefined) {
      // The reason is told by an event, and the system's limits are the usual one.
      child.process.on('error', () => {});
      releaseChild(child);
      throw new ProcessError(
        `${name} could not be started: the system gave no process (a limit of processes or open files, ulimit -u or -n?)`,
      );
    }
    setAtExit(child, ({ process: one }) => void one.kill('SIGTERM'));
    blank?.go();
    blank?.begun?.close();
    const stopSignals =
      signals.length === 0 ? undefined : passAborts(signals, blank === undefined ? linkTo(child) : new PipeLink(blank.socket), border);
    return new ChildRun(child, pid, file, link, () => {
      stopSignals?.();
      onEnd();
    });
  } catch (error) {
    handleDoor()?.dropParcels(link);
    if (blank !== undefined) blank.giveUp();
    else if (file !== undefined) closeMessageFile(file);
    throw error;
  }
}

/** The link to a child that was started with one. @throws ProcessError where the system gave none: then the child is ended */
function linkTo(child: Child): PipeLink {
  const socket = socketOf(child.process);
  if (socket !== undefined) return new PipeLink(socket);
  child.process.kill('SIGKILL');
  child.process.on('exit', () => releaseChild(child));
  throw new ProcessError('the system gave no socket for a process (a limit of open files, ulimit -n?)');
}

function startAnew(file: number, stdio: RunOrder['stdio'], link: ChildOptions['link']): Child {
  return startChild({
    entry: 'process/child-main.js',
    args: [],
    stdio,
    link,
    own: file,
    atExit: () => {},
  });
}

class ChildRun implements StartedRun {
  readonly pid: number;
  readonly waiters: Set<() => void> = new Set();
  readonly #child: Child;
  readonly #file: number;
  /** The link by whose number the parcels on their way to the child are dropped. */
  readonly #link: number;
  readonly #onEnd: () => void;
  #pipes: readonly OutputPipe[] | undefined;
  #end: RunEnd | undefined;
  /** The last signal that was sent from here. */
  #sent: NodeJS.Signals | undefined;
  /** True while the exit code of the end is a guess. */
  #isGuessed = false;

  constructor(child: Child, pid: number, file: number, link: number, onEnd: () => void) {
    this.pid = pid;
    this.#child = child;
    this.#file = file;
    this.#link = link;
    this.#onEnd = onEnd;
    child.process.on('error', () => {});
    child.process.on('exit', (code, signal) => {
      if (this.#isGuessed) this.#end!.exitCode = codeOf({ exitCode: code, signal });
      this.#isGuessed = false;
      this.#see({ exitCode: code, signal }, false);
    });
  }

  get ident(): number {
    return this.pid;
  }

  get stdin(): Writable | null {
    return this.#child.process.stdin;
  }

  get stdout(): Readable | null {
    return this.#child.process.stdout;
  }

  get stderr(): Readable | null {
    return this.#child.process.stderr;
  }

  look(): RunEnd | undefined {
    if (this.#end !== undefined) return this.#end;
    const status = lookAtChild(this.pid);
    if (status === null) return undefined;
    if (status !== undefined) return this.#see(status, true);
    // Collected, and its event is under way behind the one that is being told: only that knows the signal of an end by one, and may correct the guess.
    const exitCode = exitMarkOf(this.#file) ?? null;
    const end = this.#see({ exitCode, signal: exitCode === null ? (this.#sent ?? 'SIGKILL') : null }, true);
    this.#isGuessed = exitCode === null;
    return end;
  }

  drain(): void {
    this.#pipes ??= pipesOf(this.#child);
    for (const pipe of this.#pipes) pipe.drain();
  }

  rest(ms: number): void {
    const open = (this.#pipes ?? []).filter((pipe) => !pipe.hasEnded).map((pipe) => pipe.descriptor);
    sleepUntilChild(this.pid, ms, open);
  }

  keepAlive(does: boolean): void {
    if (does) this.#child.process.ref();
    else this.#child.process.unref();
  }

  send(signal: NodeJS.Signals): void {
    this.#sent = signal;
    if (signal === 'SIGINT') markInterrupt(this.#file);
    this.#child.process.kill(signal);
  }

  /**
   * The end of the child is known from here on, to every question.
   *
   * @param isAsked true where a synchronous call asks for it
   */
  #see(status: ExitStatus, isAsked: boolean): RunEnd {
    if (this.#end !== undefined) return this.#end;
    const outcome = readMessage<OutcomeHeader>(this.#file, OUTCOME);
    const end: RunEnd = { exitCode: codeOf(status), error: outcome === undefined ? null : errorOf(outcome.header.text) };
    this.#end = end;
    this.#onEnd();
    closeMessageFile(this.#file);
    releaseChild(this.#child);
    handleDoor()?.dropParcels(this.#link);
    // Waiters go on after all children that ended at the same moment have been seen to end.
    const wake = (): void => void timers.setImmediate(() => this.waiters.forEach((ended) => ended()));
    if (outcome === undefined) wake();
    else
      rebuildError({ ...outcome.header, bytes: outcome.bytes, attachments: [] }, 'process', isAsked, (error) => (end.error = error), wake);
    return end;
  }
}

/** -N for signal N, which has a name or is a number. */
function codeOf({ exitCode, signal }: ExitStatus): number {
  return exitCode ?? -(constants.signals[signal as NodeJS.Signals] ?? Number(signal));
}

/** One of the child's outputs, read while the event loop stands still: what comes goes into the stream that the user reads. */
interface OutputPipe {
  readonly descriptor: number;
  hasEnded: boolean;
  drain(): void;
}

function pipesOf({ process: child }: Child): OutputPipe[] {
  return [child.stdout, child.stderr].flatMap((stream) => {
    const descriptor = (stream as { _handle?: { fd?: unknown } } | null)?._handle?.fd;
    return stream !== null && typeof descriptor === 'number' && descriptor >= 0 ? [pipeOf(stream, descriptor)] : [];
  });
}

function pipeOf(stream: Readable, descriptor: number): OutputPipe {
  const pipe: OutputPipe = {
    descriptor,
    hasEnded: false,
    drain() {
      while (!pipe.hasEnded) {
        const chunk = Buffer.allocUnsafe(64 * 1024);
        let count: number;
        try {
          count = readSync(descriptor, chunk, 0, chunk.length, null);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
          pipe.hasEnded = true;
          return;
        }
        // The event loop sees the end of the pipe by itself.
        if (count === 0) pipe.hasEnded = true;
        else stream.push(chunk.subarray(0, count));
      }
    },
  };
  return pipe;
}
