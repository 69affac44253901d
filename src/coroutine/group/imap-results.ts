/** What `imap` and `imapUnordered` give to take the results from. */

import type { AsyncItemIterator } from '../../iteration.ts';
import type { Operation, WaitOptions } from '../../loop/index.ts';
import type { ImapRun } from './imap.ts';

/**
 * The results of `imap`, one by one. An item that failed throws at its place, and the next `next()` goes on with the next item; what the
 * source throws comes after all results. A `for await` that ends by an error does not say so: `using` closes it in any case.
 */
export interface ImapIterator<R> extends AsyncItemIterator<R>, Disposable, AsyncDisposable {
  /**
   * The next result: to be awaited, or in a generator `yield*`ed. After a time-out the same result can be waited for again.
   *
   * @throws TimeoutError if it is not there in time
   * @throws what the item failed with; CancelledError if its greenlet was killed
   */
  next(options?: number | WaitOptions): Operation<IteratorResult<R, undefined>>;
  /** Closes the source, kills what runs, and waits for the end of that. */
  return(): Operation<IteratorResult<R, undefined>>;
  [Symbol.asyncIterator](): this;
}

/** Nobody can take results from one that is gone: its source is closed. A run that has ended is not kept for that. */
const dropped = new FinalizationRegistry<WeakRef<ImapRun>>((run) => void run.deref()?.close());

export class ImapResults implements ImapIterator<unknown> {
  readonly #run: ImapRun;

  constructor(run: ImapRun) {
    this.#run = run;
    dropped.register(this, new WeakRef(run));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(options?: number | WaitOptions): Operation<IteratorResult<unknown, undefined>> {
    return this.#run.next(this, options);
  }

  return(): Operation<IteratorResult<unknown, undefined>> {
    return this.#run.close();
  }

  /** `return()`, without waiting. */
  [Symbol.dispose](): void {
    void this.#run.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run.close();
  }
}
