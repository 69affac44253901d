/**
 * What else is written to the terminal of a progress bar: by the program, and by its worker threads, whose output Node writes here.
 *
 * The `write` of the streams is replaced while a bar stands there, and put back when it is finished. What a child process writes does not
 * come by: it has to clear the line itself.
 */

/** To the beginning of the line, which is emptied. */
export const CLEAR_LINE: string = '\r\x1b[2K';

/** As much of a stream as is needed. */
export interface TerminalStream {
  write(chunk: string | Uint8Array, ...rest: any[]): boolean;
}

type Write = TerminalStream['write'];

/**
 * Has `around` called with each write: it must make the write, of what is written or of something in its place.
 *
 * @returns takes that back
 */
export function hookWrites(
  streams: Iterable<TerminalStream>,
  around: (write: (instead?: string | Uint8Array) => boolean, chunk: string | Uint8Array) => boolean,
): () => void {
  const undo = Array.from(new Set(streams), (stream) => {
    const before = Object.getOwnPropertyDescriptor(stream, 'write');
    const write = stream.write;
    let isActive = true;
    const hooked: Write = function (this: TerminalStream, chunk, ...rest) {
      const go = (instead: string | Uint8Array = chunk): boolean => write.call(this, instead, ...rest);
      return isActive ? around(go, chunk) : go();
    };
    Object.defineProperty(stream, 'write', { value: hooked, configurable: true, writable: true });
    return (): void => {
      isActive = false;
      // Another may have been put on top since: then this one goes on to pass everything through.
      if (stream.write !== hooked) return;
      if (before === undefined) Reflect.deleteProperty(stream, 'write');
      else Object.defineProperty(stream, 'write', before);
    };
  });
  return () => {
    for (const one of undo) one();
  };
}

/**
 * Clears the line before each line that this process writes: for a child process, on whose terminal its parent may have drawn a bar.
 * The parent draws it again in a moment. Line and clearing are one write: the parent may draw between two.
 */
export function clearLinesOf(stream: TerminalStream): void {
  let isLineOpen = false;
  hookWrites([stream], (write, chunk) => {
    if (chunk.length === 0) return write();
    const begins = !isLineOpen;
    isLineOpen = !endsLine(chunk);
    if (!begins) return write();
    return write(typeof chunk === 'string' ? CLEAR_LINE + chunk : Buffer.concat([Buffer.from(CLEAR_LINE), chunk]));
  });
}

/** True if what comes next begins a line. */
export function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === 0x0a;
}
