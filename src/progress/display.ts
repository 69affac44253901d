/**
 * Shows progress on a stream, in one of three ways:
 *
 *   terminal  one line that is drawn over and over, at most ten times a second
 *   log       a new line now and then, for a log file or a build server
 *   silent    nothing
 *
 * It has no clock and no timer of its own: whoever owns it calls `show()` as often as it likes.
 */

import { renderBar, renderLogLine } from './bar.ts';
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
  /** Milliseconds from one drawing to the next; default 100 on a terminal, 10 s in a log. */
  interval?: number | undefined;
}

const CLEAR_LINE = '\r\x1b[2K';

export class Display {
  readonly #options: DisplayOptions;
  readonly #interval: number;
  /** `elapsed` of the last drawing. */
  #shownAt: number;
  /** The line that stands on the terminal now. */
  #line = '';

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
    this.#draw(progress);
    if (this.#line !== '') this.#options.stream.write('\n');
    this.#line = '';
  }

  /** Lets `print` write lines to the same terminal: the bar steps aside and comes back below them. */
  around(print: () => void): void {
    const line = this.#line;
    if (line === '') return print();
    this.#options.stream.write(CLEAR_LINE);
    print();
    this.#options.stream.write(line);
  }

  #draw(progress: Progress): void {
    const { mode, stream, label = '', unicode } = this.#options;
    if (mode === 'silent') return;
    this.#shownAt = progress.elapsed;
    if (mode === 'log') {
      stream.write(`${label === '' ? '' : `${label}: `}${renderLogLine(progress)}\n`);
      return;
    }
    // One column stays free: a full line would make some terminals begin a new one. A terminal without a size says 0.
    const line = renderBar(progress, { width: (stream.columns || 80) - 1, label, unicode });
    stream.write((this.#line === '' ? '' : CLEAR_LINE) + line);
    this.#line = line;
  }
}
