/**
 * Shows progress on a stream, in one of three ways:
 *
 *   terminal  one line that is drawn over and over, at most ten times a second
 *   log       a new line now and then, for a log file or a build server
 *   silent    nothing
 *
 * The display has neither clock nor timer: its owner calls `show()` as often as it likes.
 *
 * A bar steps aside for what else is written to its terminal: it is cleared, and drawn again as soon as that has ended its line.
 */

import { renderBar, renderLogLine } from './bar.ts';
import { CLEAR_LINE, endsLine, hookWrites, type TerminalStream } from './foreign-writes.ts';
import type { Progress } from './progress.ts';

export type DisplayMode = 'terminal' | 'log' | 'silent';

/** As much of a stream as a display needs. */
interface DisplayStream {
  write(text: string): unknown;
  /** Columns of a terminal; looked at for each drawing, since windows change their size. */
  readonly columns?: number | undefined;
}

export interface DisplayOptions {
  mode: DisplayMode;
  stream: DisplayStream;
  label?: string | undefined;
  unicode?: boolean | undefined;
  /** The streams of the program that end at the same terminal. While the bar is there, it steps aside for what is written to them. */
  shared?: readonly TerminalStream[] | undefined;
  /** Milliseconds from one drawing to the next; default 100 on a terminal, 10 s in a log. */
  interval?: number | undefined;
}

/** Returns the streams of this program that are terminals. */
export function terminalsOf({ stdout, stderr }: NodeJS.Process): TerminalStream[] {
  return [stdout, stderr].filter(({ isTTY }) => isTTY);
}

export class Display {
  readonly #options: DisplayOptions;
  readonly #interval: number;
  /** `elapsed` of the last drawing. */
  #shownAt: number;
  /** The line that stands on the terminal now. */
  #line = '';
  /** True while something is written that is known not to be foreign. */
  #isWriting = false;
  /** True while the cursor stands behind foreign text: the bar waits for the end of that line. */
  #isLineOpen = false;
  #unhook: (() => void) | undefined;

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#interval = options.interval ?? (options.mode === 'terminal' ? 100 : 10_000);
    this.#shownAt = options.mode === 'terminal' ? -Infinity : 0;
  }

  /** Draws, if it is time to. */
  show(progress: Progress): void {
    if (progress.elapsed - this.#shownAt < this.#interval) return;
    this.#draw(progress);
  }

  /** Draws the last state for good and ends the line. */
  finish(progress: Progress): void {
    if (this.#isLineOpen) this.#write('\n');
    this.#isLineOpen = false;
    this.#draw(progress);
    if (this.#line !== '') this.#write('\n');
    this.#line = '';
    this.#unhook?.();
    this.#unhook = undefined;
  }

  /** Lets `print` write lines to the same terminal: the bar steps aside and comes back below them. */
  around(print: () => void): void {
    const line = this.#line;
    if (line === '' || this.#isWriting) return print();
    this.#write(this.#isLineOpen ? '\n' : CLEAR_LINE);
    this.#isLineOpen = false;
    this.#quietly(print);
    this.#write(line);
  }

  /** Something else is written to the terminal. */
  #stepAside(write: () => boolean, chunk: string | Uint8Array): boolean {
    if (this.#isWriting || chunk.length === 0) return write();
    if (this.#line !== '' && !this.#isLineOpen) this.#write(CLEAR_LINE);
    const result = this.#quietly(write);
    this.#isLineOpen = !endsLine(chunk);
    if (!this.#isLineOpen) this.#write(this.#line);
    return result;
  }

  #write(text: string): void {
    this.#quietly(() => this.#options.stream.write(text));
  }

  #quietly<T>(write: () => T): T {
    const before = this.#isWriting;
    this.#isWriting = true;
    try {
      return write();
    } finally {
      this.#isWriting = before;
    }
  }

  #draw(progress: Progress): void {
    const { mode, stream, label = '', unicode, shared = [] } = this.#options;
    if (mode === 'silent' || this.#isLineOpen) return;
    this.#shownAt = progress.elapsed;
    if (mode === 'log') {
      stream.write(`${label === '' ? '' : `${label}: `}${renderLogLine(progress)}\n`);
      return;
    }
    // One column stays free: a full line would make some terminals begin a new one. A terminal without a size says 0.
    const line = renderBar(progress, { width: (stream.columns || 80) - 1, label, unicode });
    this.#unhook ??= hookWrites(shared, (write, chunk) => this.#stepAside(write, chunk));
    this.#write((this.#line === '' ? '' : CLEAR_LINE) + line);
    this.#line = line;
  }
}
