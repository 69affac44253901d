/**
 * Writes results as lines, to standard output or a file. Lines are collected for one turn of the event loop or 64 KiB, whichever is first.
 * Every line is accepted; a caller that writes many checks whether the reader is slow, and waits for `room`.
 */

import { createWriteStream, open } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { inodeOfPipe } from '../../platform/index.ts';
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
  #wakes: (() => void)[] = [];

  constructor(stream: Writable, name: string, around: (print: () => void) => void = (print) => print()) {
    this.#stream = stream;
    this.#name = name;
    this.#around = around;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader such as `head` has all it wanted: no error.
      if (error.code !== 'EPIPE') this.#error = new OutsideError(`cannot write ${this.#name}: ${reasonOf(error)}`, { cause: error });
      this.#isGone = true;
      this.#wake();
      this.#onGone?.();
    });
    stream.on('drain', () => this.#wake());
  }

  /** True if the output has no reader any more, or cannot be written. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Calls back when the reader has gone. */
  onGone(callback: () => void): void {
    this.#onGone = callback;
  }

  write(line: string): void {
    if (this.#isGone) return;
    this.#pending += line;
    this.#pending += '\n';
    if (this.#pending.length >= ENOUGH) this.#flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** The reader is slow: nothing more should come before there is room. */
  get isFull(): boolean {
    return this.#stream.writableNeedDrain && !this.#isGone;
  }

  async room(): Promise<void> {
    while (this.isFull) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }

  #flush(): void {
    if (this.#pending === '' || this.#isGone) return;
    const text = this.#pending;
    this.#pending = '';
    this.#around(() => this.#stream.write(text));
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  /** Waits until everything has left this process. @throws Error if it could not be written */
  async end(): Promise<void> {
    this.#flush();
    if (!this.#isGone) {
      const isOurs = this.#stream !== process.stdout;
      await new Promise<void>((resolve) => {
        this.#stream.once('error', () => resolve());
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
 * @throws UsageError if it cannot be opened
 */
export async function openFile(path: string): Promise<Writable> {
  const fd = await new Promise<number>((resolve, reject) => {
    open(path, 'w', (error, opened) =>
      error === null ? resolve(opened) : reject(new UsageError(`cannot write ${path}: ${reasonOf(error)}`)),
    );
  });
  // A write to a pipe may never end: see the reading of pipes in items/file.ts.
  return inodeOfPipe(fd) !== undefined ? new Socket({ fd, readable: false, writable: true }) : createWriteStream('', { fd });
}
