/**
 * Appends records. A record that is added during one write leaves in the next. A fast run thus makes few and large writes, and a slow one
 * has each result in the file at once.
 */

import type { FileHandle } from 'node:fs/promises';
import { reasonOf } from '../items/file.ts';
import { OutsideError } from '../usage-error.ts';

/** The most characters that may wait for being written. */
const ENOUGH = 1 << 20;

interface Entry {
  readonly text: string;
  readonly onWritten: () => void;
}

export class RecordWriter {
  readonly #file: FileHandle;
  readonly #name: string;
  #length: number;
  #entries: Entry[] = [];
  #size = 0;
  #writing: Promise<void> | undefined;
  #error: OutsideError | undefined;
  #onFailed: (() => void) | undefined;

  /** @param length of what the file holds already */
  constructor(file: FileHandle, name: string, length: number) {
    this.#file = file;
    this.#name = name;
    this.#length = length;
  }

  /** `onWritten` is called when the file holds it, in the order of the calls; never, if it cannot be written. */
  add(text: string, onWritten: () => void): void {
    if (this.#error !== undefined) return;
    this.#entries.push({ text, onWritten });
    this.#size += text.length;
    this.#writing ??= this.#writeAll();
  }

  /** Callers should wait for `room`. */
  get isFull(): boolean {
    return this.#size >= ENOUGH;
  }

  /** Waits until all that was added is written. @throws OutsideError if it cannot be */
  async flushed(): Promise<void> {
    await this.#writing;
    if (this.#error !== undefined) throw this.#error;
  }

  onFailed(callback: () => void): void {
    this.#onFailed = callback;
  }

  async #writeAll(): Promise<void> {
    // The rest of this turn of the event loop belongs to the first write.
    await new Promise(setImmediate);
    while (this.#entries.length > 0 && this.#error === undefined) {
      const entries = this.#entries;
      this.#entries = [];
      this.#size = 0;
      try {
        await this.#write(Buffer.from(entries.map(({ text }) => text).join('')));
      } catch (error) {
        this.#error = new OutsideError(`cannot write ${this.#name}: ${reasonOf(error)}`, { cause: error });
        this.#onFailed?.();
        break;
      }
      for (const { onWritten } of entries) onWritten();
    }
    this.#writing = undefined;
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, this.#length);
      from += bytesWritten;
      this.#length += bytesWritten;
    }
  }
}
