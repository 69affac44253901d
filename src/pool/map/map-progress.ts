/** The `progress` option of a map: tells a function, or shows it on standard error. */

import type { Display } from '../../progress/display.ts';
import { type Progress, Tracker } from '../../progress/index.ts';
import type { AsyncResource } from '../jobs/caller-context.ts';
import { summary } from '../jobs/job-errors.ts';

/** Told at most so often, in milliseconds. */
const tellEvery = 100;

export class MapProgress {
  readonly #tracker: Tracker = new Tracker();
  readonly #tell: (isLast: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param context of the caller, for its function */
  constructor(option: true | string | ((progress: Progress) => void), total: number | undefined, context: AsyncResource) {
    if (total !== undefined) this.#tracker.setTotal(total);
    this.#tell = typeof option === 'function' ? this.#teller(option, context) : this.#shower(option === true ? '' : option);
  }

  ended(ok: boolean): void {
    if (ok) this.#tracker.succeeded();
    else this.#tracker.failed();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell(false);
    }, tellEvery).unref();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#tell(true);
  }

  #teller(callback: (progress: Progress) => void, context: AsyncResource): () => void {
    return () => {
      try {
        context.runInAsyncScope(callback, undefined, this.#tracker.now());
      } catch (error) {
        process.emitWarning(`the progress function of a map threw: ${summary(error)}`, 'MapProgressWarning');
      }
    };
  }

  /** The display is loaded by the first map that shows its progress. Progress before that is shown with its first update. */
  #shower(label: string): (isLast: boolean) => void {
    let display: Display | undefined;
    const loading = openDisplay(label).then((opened) => (display = opened));
    const finish = (opened: Display): void => opened.finish(this.#tracker.now());
    return (isLast) => {
      if (!isLast) display?.show(this.#tracker.now());
      else if (display !== undefined) finish(display);
      else void loading.then(finish);
    };
  }
}

async function openDisplay(label: string): Promise<Display> {
  const { Display, terminalsOf } = await import('../../progress/display.ts');
  const { stderr, env } = process;
  const isTerminal = stderr.isTTY && env['TERM'] !== 'dumb';
  return new Display({ mode: isTerminal ? 'terminal' : 'log', stream: stderr, label, shared: terminalsOf(process) });
}
