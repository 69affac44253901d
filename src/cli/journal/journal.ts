/**
 * The journal of a run: which items are finished, and their results. A run that was killed at any moment and is started
 * again with the same command goes on where it stopped.
 *
 *     worker ──result──▶ record ──write(2)──▶ journal        "finished" begins here: the record is in the file
 *                                   │ it is written
 *                                   ▼
 *                                 order ──lines──▶ output     never ahead of the journal
 *
 *     started again:   item ── is it in the journal? ──yes──▶ its result, from the journal ──▶ order ──▶ output
 *                                   └──────no──▶ worker
 *
 * **The output is written anew** from its first line: a file of `--out` is emptied, standard output gets all results once more. The journal
 * holds the results themselves, and an item's result is in it before it is in the output. The output's progress therefore does not matter.
 * It is neither torn nor doubled, and in the end has the bytes of an uninterrupted run.
 *
 * **A record is in the file or it is not.** Records are only ever appended, each with a checksum and a newline at its end. A kill may cut
 * off the last one in its middle: a line without its end is dropped and written over. A whole line with a wrong checksum does not come from
 * a kill. The file was changed, and is refused with the byte. The kernel keeps what a killed process has written. It does not promise that
 * for a loss of power, and nothing here calls `fsync`.
 *
 * **An item is its place in the input and a hash of its value.** A changed value at a finished place ends the run with the item's name. So
 * does an input that ends before the finished items. An input that has grown at its end is accepted: the new items run.
 *
 * **A run is its function and the kind of its input** (`JournalCommand`). The code of the function may change, since failed items are
 * mended that way. The number of workers, and the order of results, may change too.
 *
 * Failed items are not in the journal: they are run again.
 */

import { constants, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { reasonOf } from '../items/file.ts';
import { quoteItem } from '../items/quote.ts';
import type { Item } from '../items/source.ts';
import { OutsideError, UsageError } from '../usage-error.ts';
import { lock } from './lock.ts';
import { headerLine, itemHash, type JournalCommand, recordLine, readRecord } from './record.ts';
import { RecordReader } from './reader.ts';
import { type Finished, scanJournal } from './scan.ts';
import { RecordWriter } from './writer.ts';

export class Journal {
  readonly #file: FileHandle;
  readonly #name: string;
  readonly #finished: Finished;
  readonly #reader: RecordReader;
  readonly #writer: RecordWriter;
  readonly #release: () => void;

  private constructor(file: FileHandle, name: string, finished: Finished, length: number, release: () => void) {
    this.#file = file;
    this.#name = name;
    this.#finished = finished;
    this.#reader = new RecordReader(file);
    this.#writer = new RecordWriter(file, name, length);
    this.#release = release;
  }

  /**
   * Opens the journal in the file `name`, or begins one there.
   *
   * @throws UsageError if it is another command's journal, or none, or damaged, or another process has it
   */
  static async open(name: string, command: JournalCommand): Promise<Journal> {
    if (statSync(name, { throwIfNoEntry: false })?.isFile() === false)
      throw new UsageError(`cannot keep a journal in ${name}: it is not a regular file`);
    const held = await lock(name).catch((error: unknown) => refuse(name, error));
    if ('heldBy' in held) throw new UsageError(`process ${held.heldBy} is at work with ${name}`);
    let file: FileHandle | undefined;
    try {
      file = await open(name, constants.O_RDWR | constants.O_CREAT).catch((error: unknown) => refuse(name, error));
      const { finished, length } = await scanJournal(file, name, command);
      await file.truncate(length);
      const journal = new Journal(file, name, finished, length, held.release);
      if (length === 0) journal.#writer.add(headerLine(command), () => {});
      await journal.flushed();
      return journal;
    } catch (error) {
      await file?.close();
      held.release();
      throw error;
    }
  }

  /** Items that earlier runs finished. */
  get finished(): number {
    return this.#finished.count;
  }

  /**
   * The result of an item that an earlier run finished; a promise only if it has to be read.
   *
   * @throws OutsideError if another item was finished there
   */
  resultOf(position: number, item: Item): string | undefined | Promise<string> {
    const offset = this.#finished.at(position);
    if (offset === undefined) return undefined;
    const line = this.#reader.lineAt(offset);
    return line instanceof Promise ? line.then((each) => this.#resultIn(each, position, item)) : this.#resultIn(line, position, item);
  }

  #resultIn(line: Buffer, position: number, { value, line: number }: Item): string {
    const record = readRecord(line);
    if (record.item === itemHash(value)) return record.result;
    const place = number === undefined || number === position + 1 ? '' : ` (line ${number})`;
    throw new OutsideError(
      `the input has changed: item ${position + 1}${place} is now ${quoteItem(value)}, and another one stood there when ${this.#name} was written`,
    );
  }

  /** The results that earlier runs finished from a position on, for a run that stops before it has come there. */
  async *resultsFrom(position: number): AsyncGenerator<string> {
    for (let at = position; at < this.#finished.end; at++) {
      const offset = this.#finished.at(at);
      if (offset !== undefined) yield readRecord(await this.#reader.lineAt(offset)).result;
    }
  }

  /** @throws OutsideError if items were finished that do not come, the input having ended after `count` */
  checkEnd(count: number): void {
    if (count >= this.#finished.end) return;
    const last = this.#finished.end;
    throw new OutsideError(`the input has changed: it ends after ${count} items, and ${this.#name} has the result of item ${last}`);
  }

  /** Records a result; `onRecorded` is called once it can no longer be lost. */
  add(position: number, item: Item, result: string, onRecorded: () => void): void {
    this.#writer.add(recordLine(position, itemHash(item.value), result), onRecorded);
  }

  /** Results come faster than they can be written: callers should wait until all are. */
  get isFull(): boolean {
    return this.#writer.isFull;
  }

  /** Waits until all results that were added are recorded. @throws OutsideError if they cannot be */
  flushed(): Promise<void> {
    return this.#writer.flushed();
  }

  /** Calls back when nothing can be recorded any more, such as on a full disk. */
  onFailed(callback: () => void): void {
    this.#writer.onFailed(callback);
  }

  async close(): Promise<void> {
    await this.#writer.flushed().catch(() => {});
    await this.#file.close();
    this.#release();
  }
}

function refuse(name: string, error: unknown): never {
  throw new UsageError(`cannot keep a journal in ${name}: ${reasonOf(error)}`);
}
