/** Reads a journal from its beginning to its end, checks every line, and notes where the result of each item stands. */

import type { FileHandle } from 'node:fs/promises';
import { UsageError } from '../usage-error.ts';
import { headerLine, type JournalCommand, MAGIC, readHeader, readPosition } from './record.ts';

const CHUNK = 1 << 20;
const NEWLINE = 10;

/** Where the record of each finished item stands; by the position of the item. */
export class Finished {
  /** One more than the offset; 0: none. Eight bytes an item, whatever its result. */
  #offsets: Float64Array = new Float64Array(1024);
  count = 0;
  /** Positions from here on are not there. */
  end = 0;

  at(position: number): number | undefined {
    const offset = this.#offsets[position];
    return offset === undefined || offset === 0 ? undefined : offset - 1;
  }

  set(position: number, offset: number): void {
    if (position >= this.#offsets.length) {
      const grown = new Float64Array(Math.max(position + 1, this.#offsets.length * 2));
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    if (this.#offsets[position] === 0) this.count++;
    this.#offsets[position] = offset + 1;
    this.end = Math.max(this.end, position + 1);
  }
}

export interface Scanned {
  readonly finished: Finished;
  /** Length of what is whole; a record that was cut off stands behind it. 0: there is not even a whole header. */
  readonly length: number;
}

/** @throws UsageError if it is not a journal, is the journal of another command, or is damaged */
export async function scanJournal(file: FileHandle, name: string, command: JournalCommand): Promise<Scanned> {
  const finished = new Finished();
  let length = 0;
  let rest: Buffer[] = [];
  const damaged = (): UsageError =>
    new UsageError(
      `${name} is damaged at byte ${length}${length === 0 ? '' : `, after ${finished.count} of its results; truncate --size ${length} ${name} keeps those`}`,
    );

  function take(line: Buffer): void {
    if (length === 0) checkHeader(line.toString(), name, command, damaged);
    else {
      const position = readPosition(line);
      if (position === undefined) throw damaged();
      finished.set(position, length);
    }
    length += line.length + 1;
  }

  for await (const chunk of chunksOf(file)) {
    if (length === 0 && rest.length === 0) checkMagic(chunk, name);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      take(rest.length === 0 ? piece : Buffer.concat([...rest, piece]));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (length === 0) {
    const cut = Buffer.concat(rest).toString();
    if (!headerLine(command).startsWith(cut)) throw new UsageError(`${name} is the journal of another command, cut off in its first line`);
  }
  return { finished, length };
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Checks the file before any write to it: a file that was named by mistake must not be spoiled. */
function checkMagic(chunk: Buffer, name: string): void {
  const begin = chunk.toString('latin1', 0, MAGIC.length);
  if (begin !== MAGIC.slice(0, begin.length)) throw new UsageError(`${name} is not a journal of heddle`);
}

function checkHeader(line: string, name: string, command: JournalCommand, damaged: () => UsageError): void {
  const found = readHeader(line);
  if (found === 'damaged') throw damaged();
  if ('version' in found) throw new UsageError(`${name} is a journal in format ${found.version}, which this heddle does not know`);
  if (headerLine(found) === headerLine(command)) return;
  throw new UsageError(`${name} is the journal of another command: ${describe(found)}; this is ${describe(command)}`);
}

function describe({ module, export: path, items }: JournalCommand): string {
  return `${module.replace(/^file:\/\//, '')}${path === 'default' ? '' : `#${path}`} with ${items}`;
}
