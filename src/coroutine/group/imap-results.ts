/** The iterators that `imap` and `imapUnordered` return. */

import type { AsyncItemIterator } from '../../iteration.ts';
import type { Operation, WaitOptions } from '../../loop/index.ts';
import type { ImapRun } from './imap.ts';

/**
 * The results of `imap`, one by one. A failed item throws at its place, and the following `next()` goes on with the next item. An error of
 * the source comes after all results. A `for await` that ends by an error does not close the iterator: `using` closes it in any case.
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
  /** The iterator itself. */
  [Symbol.asyncIterator](): this;
}

/** The results of a collected iterator cannot be taken: its source is closed. The registry does not keep an ended run alive. */
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
