/**
 * Other output to the terminal of a progress bar: that of the program, and of its worker threads, whose output Node writes here.
 *
 * The `write` of the streams is replaced while a bar stands there, and restored when it is finished. The output of a child process does not
 * pass here: the child has to clear the line itself.
 */

/** To the beginning of the line, which is emptied. */
export const CLEAR_LINE: string = '\r\x1b[2K';

/** As much of a stream as is needed. */
export interface TerminalStream {
  write(chunk: string | Uint8Array, ...rest: any[]): boolean;
}

type Write = TerminalStream['write'];

/** Makes a write, of what is written or of something in its place. */
type Around = (write: (instead?: string | Uint8Array) => boolean, chunk: string | Uint8Array) => boolean;

/** The one hook of each stream, and what is called by it: bars that end in another order than they began leave nothing behind. */
const hooks = new WeakMap<TerminalStream, Set<Around>>();

/**
 * Has `around` called with each write.
 *
 * @returns takes that back
 */
export function hookWrites(streams: Iterable<TerminalStream>, around: Around): () => void {
  const undo = Array.from(new Set(streams), (stream) => {
    const arounds = hooks.get(stream) ?? hook(stream);
    arounds.add(around);
    return (): void => {
      arounds.delete(around);
      if (arounds.size === 0) unhook(stream);
    };
  });
  return () => {
    for (const one of undo) one();
  };
}

const originals = new WeakMap<TerminalStream, { readonly hooked: Write; readonly before: PropertyDescriptor | undefined }>();

function hook(stream: TerminalStream): Set<Around> {
  const arounds = new Set<Around>();
  const before = Object.getOwnPropertyDescriptor(stream, 'write');
  const write = stream.write;
  const hooked: Write = function (this: TerminalStream, chunk, ...rest) {
    const go = (left: readonly Around[], now: string | Uint8Array): boolean => {
      const around = left.at(-1);
      if (around === undefined) return write.call(this, now, ...rest);
      return around((instead = now) => go(left.slice(0, -1), instead), now);
    };
    return go([...arounds], chunk);
  };
  Object.defineProperty(stream, 'write', { value: hooked, configurable: true, writable: true });
  hooks.set(stream, arounds);
  originals.set(stream, { hooked, before });
  return arounds;
}

/** Where another was put on top since, the hook stays below it, passes everything through, and serves the next bar. */
function unhook(stream: TerminalStream): void {
  const { hooked, before } = originals.get(stream)!;
  if (stream.write !== hooked) return;
  if (before === undefined) Reflect.deleteProperty(stream, 'write');
  else Object.defineProperty(stream, 'write', before);
  hooks.delete(stream);
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
