/**
 * Tells the host of a task that has a `timeout` when the task's own code runs: only that is measured (`pool/deadlines.ts`).
 *
 *   taken up ──▶ imports, opens the function, decodes ──▶ code runs ──▶ encodes the result ──▶ outcome
 *                stops()                                  runs()        ends(result)
 *                                                          │  ▲
 *                                                 stops()  ▼  │  runs()
 *                                                 heddle loads something of its own
 */

import { types } from 'node:util';
import { watchOwnWork } from '../own-work.ts';

/** Bytes that are decoded or encoded in less than a millisecond. */
const few = 64 * 1024;

/** Tells the host that a task's code does not run, or does. */
export type TellPreparing = (id: number, isPreparing: boolean) => void;

/** Clocks of tasks whose code runs. */
const running: Set<TaskClock> = new Set();

function watch(): void {
  let stopped: TaskClock[] = [];
  watchOwnWork({
    begins: () => {
      stopped = [...running];
      for (const clock of stopped) clock.stops();
    },
    ends: () => {
      for (const clock of stopped) clock.runs();
    },
  });
}

export class TaskClock {
  readonly #id: number;
  readonly #tell: TellPreparing;
  /** As the host knows it; undefined: it has not heard. */
  #isRunning: boolean | undefined;
  #isOver = false;

  constructor(id: number, tell: TellPreparing) {
    this.#id = id;
    this.#tell = tell;
    watch();
  }

  /** The task's code begins, or goes on. */
  runs(): void {
    if (this.#isRunning === true || this.#isOver) return;
    this.#isRunning = true;
    running.add(this);
    this.#tell(this.#id, false);
  }

  /** Heddle works for the task. */
  stops(): void {
    if (this.#isRunning === false || this.#isOver) return;
    this.#isRunning = false;
    running.delete(this);
    this.#tell(this.#id, true);
  }

  /** The task's code has come to its end with this value, which is encoded next. */
  gives(value: unknown): void {
    if (!isSmall(value)) this.stops();
  }

  /** The task has ended. */
  end(): void {
    this.#isOver = true;
    running.delete(this);
  }
}

/** True for bytes that are decoded so fast that a clock need not stop. */
export function areFew(bytes: Uint8Array): boolean {
  return bytes.byteLength < few;
}

/** True for a value that is surely encoded so fast: no text of length, and nothing in it but a few plain values. */
function isSmall(value: unknown): boolean {
  if (isSmallPlain(value)) return true;
  if (typeof value !== 'object' || types.isProxy(value)) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== Array.prototype) return false;
  const keys = Object.keys(value as object);
  return keys.length <= 16 && keys.every((key) => hasSmall(value as object, key));
}

function hasSmall(object: object, key: string): boolean {
  const property = Object.getOwnPropertyDescriptor(object, key);
  return property !== undefined && 'value' in property && isSmallPlain(property.value);
}

function isSmallPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length < few;
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}
