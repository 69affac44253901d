/** Everything a run says on standard error: items that failed, the progress, and the sum at the end. */

import { Display, type DisplayMode, terminalsOf } from '../../progress/display.ts';
import { countText, type Tracker } from '../../progress/index.ts';
import { quoteItem } from '../items/quote.ts';
import type { Item } from '../items/source.ts';

/** As much of standard error as is needed. */
export interface ErrorStream {
  write(text: string): boolean;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly writableNeedDrain?: boolean | undefined;
  once(event: 'drain' | 'error', listener: () => void): unknown;
}

const REDRAW = 100;

export class Report {
  readonly #stream: ErrorStream;
  readonly #tracker: Tracker;
  readonly #display: Display;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(stream: ErrorStream, tracker: Tracker, mode: DisplayMode, label: string) {
    this.#stream = stream;
    this.#tracker = tracker;
    const shared = stream === process.stderr ? terminalsOf(process) : [];
    this.#display = new Display({ mode, stream, label, unicode: hasUnicode(process.env), shared });
    if (mode !== 'silent') this.#timer = setInterval(() => this.#display.show(this.#tracker.now()), REDRAW).unref();
  }

  /** Lets something else print where the bar stands. */
  around(print: () => void): void {
    this.#display.around(print);
  }

  /** The promise, if there is one, must be waited for: the reader of standard error is slow. */
  failed(item: Item, number: number, reason: string): Promise<void> | undefined {
    this.#tracker.failed();
    const place = item.line === undefined || (item.line === number && item.broken === undefined) ? '' : `line ${item.line}, `;
    return this.say(`item ${number} (${place}${quoteItem(item.value)}): ${reason}`);
  }

  succeeded(): void {
    this.#tracker.succeeded();
  }

  /** Counts an item of an earlier run, which does not affect the speed of this one. */
  wasFinished(): void {
    this.#tracker.skipped();
  }

  say(line: string): Promise<void> | undefined {
    this.#display.around(() => this.#stream.write(`${line}\n`));
    if (!this.#stream.writableNeedDrain) return undefined;
    return new Promise((resolve) => {
      this.#stream.once('drain', resolve);
      this.#stream.once('error', resolve);
    });
  }

  /** Draws a last time, and reports the failures. */
  finish(): void {
    clearInterval(this.#timer);
    const { done, failed } = this.#tracker.now();
    this.#display.finish(this.#tracker.now());
    if (failed > 0) this.#stream.write(`heddle: ${countText(failed)} of ${countText(done)} items failed\n`);
  }
}

export function displayMode(asked: boolean | undefined, stream: ErrorStream, env: NodeJS.ProcessEnv): DisplayMode {
  if (asked === false) return 'silent';
  if (stream.isTTY && env['TERM'] !== 'dumb') return 'terminal';
  return asked ? 'log' : 'silent';
}

function hasUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux';
}
