/**
 * Tells the host of a task that has a `timeout` when the task's own code runs: only that is measured (`pool/jobs/deadlines.ts`).
 *
 *   taken up ──▶ imports, opens the function, decodes ──▶ code runs ──▶ encodes the result ──▶ outcome
 *                stops()                                  runs()        ends(result)
 *                                                          │  ▲
 *                                                 stops()  ▼  │  runs()
 *                                                 heddle loads something of its own
 */

import { watchOwnWork } from '../../own-work.ts';

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

/** True for a value that is surely encoded so fast. That of an object is unknown: to count many keys takes as long as to encode them. */
function isSmall(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.length < few;
    case 'bigint':
      return BigInt.asIntN(64, value) === value;
    case 'object':
      return value === null;
    default:
      return typeof value !== 'function' && typeof value !== 'symbol';
  }
}
