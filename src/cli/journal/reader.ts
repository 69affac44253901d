/** Reads records back. The requests come nearly in file order, so that a block around the last one answers most. */

import type { FileHandle } from 'node:fs/promises';

const BLOCK = 256 * 1024;
const NEWLINE = 10;

export class RecordReader {
  readonly #file: FileHandle;
  #block: Buffer = Buffer.alloc(0);
  /** Where the block stands in the file. */
  #start = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Returns the line that begins at `offset`, without its end. The line is known to exist. */
  lineAt(offset: number): Buffer | Promise<Buffer> {
    return this.#inBlock(offset) ?? this.#read(offset);
  }

  #inBlock(offset: number): Buffer | undefined {
    const from = offset - this.#start;
    if (from < 0 || from >= this.#block.length) return undefined;
    const end = this.#block.indexOf(NEWLINE, from);
    return end < 0 ? undefined : this.#block.subarray(from, end);
  }

  async #read(offset: number): Promise<Buffer> {
    const start = Math.max(0, offset - BLOCK / 4);
    for (let size = BLOCK; ; size *= 4) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(size), 0, size, start);
      [this.#block, this.#start] = [buffer.subarray(0, bytesRead), start];
      const line = this.#inBlock(offset);
      if (line !== undefined) return line;
      if (bytesRead < size) throw new Error(`the journal has lost its record at byte ${offset}`);
    }
  }
}
