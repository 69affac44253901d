/**
 * Writes results as lines, to standard output or a file. Lines are collected for one turn of the event loop or 64 KiB,
 * whichever is first; a reader that is slow makes `write` wait.
 */

import { createWriteStream, fstatSync, open, realpathSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { reasonOf } from '../items/file.ts';
import { OutsideError, UsageError } from '../usage-error.ts';

const ENOUGH = 64 * 1024;

export class Output {
  readonly #stream: Writable;
  readonly #name: string;
  /** Wraps what reaches the stream, so that a progress bar can step aside. */
  readonly #around: (print: () => void) => void;
  #pending = '';
  #isScheduled = false;
  #error: Error | undefined;
  #isGone = false;
  #onGone: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Writable, name: string, around: (print: () => void) => void = (print) => print()) {
    this.#stream = stream;
    this.#name = name;
    this.#around = around;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader such as `head` has all it wanted: no error.
      if (error.code !== 'EPIPE') this.#error = new OutsideError(`cannot write ${this.#name}: ${reasonOf(error)}`, { cause: error });
      this.#isGone = true;
      this.#wake?.();
      this.#onGone?.();
    });
    stream.on('drain', () => this.#wake?.());
  }

  /** Nobody reads any more, or nothing can be written any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Calls back when the reader has gone. */
  onGone(callback: () => void): void {
    this.#onGone = callback;
  }

  /** The promise, if there is one, must be waited for before the next line. */
  write(line: string): Promise<void> | undefined {
    if (this.#isGone) return undefined;
    this.#pending += line;
    this.#pending += '\n';
    if (this.#pending.length >= ENOUGH) return this.#flush() ? undefined : this.#drained();
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
    return undefined;
  }

  /** False: the stream has more than enough for now. */
  #flush(): boolean {
    if (this.#pending === '' || this.#isGone) return true;
    const text = this.#pending;
    this.#pending = '';
    let hasRoom = true;
    this.#around(() => {
      hasRoom = this.#stream.write(text);
    });
    return hasRoom;
  }

  async #drained(): Promise<void> {
    while (this.#stream.writableNeedDrain && !this.#isGone) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Waits until everything has left this process. @throws Error if it could not be written */
  async end(): Promise<void> {
    this.#flush();
    if (!this.#isGone) {
      const isOurs = this.#stream !== process.stdout;
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          if (this.#isGone) resolve();
        };
        if (isOurs) this.#stream.once('close', resolve).end();
        else this.#stream.write('', () => resolve());
      });
    }
    if (this.#error !== undefined) throw this.#error;
  }
}

/**
 * Opens the file for the results; it is emptied.
 *
 * @throws UsageError if it cannot be opened, or is the file the items come from
 */
export async function openFile(path: string, source: string | undefined): Promise<Writable> {
  if (source !== undefined && isSame(path, source)) throw new UsageError(`--out ${path} is the file the items come from`);
  const fd = await new Promise<number>((resolve, reject) => {
    open(path, 'w', (error, opened) =>
      error === null ? resolve(opened) : reject(new UsageError(`cannot write ${path}: ${reasonOf(error)}`)),
    );
  });
  // A write to a pipe may take for ever: see the reading of pipes in items/file.ts.
  return fstatSync(fd).isFIFO() ? new Socket({ fd, readable: false, writable: true }) : createWriteStream('', { fd });
}

function isSame(a: string, b: string): boolean {
  if (statSync(a, { throwIfNoEntry: false })?.isFile() !== true) return false;
  return realpathSync(a) === realpathSync(b);
}
