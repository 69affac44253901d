/** `heddle map` on heddle's own pools. */

import { mapOutcomes, ProcessPoolExecutor, ThreadPoolExecutor } from '../../pool/index.ts';
import { applyOrThrow, applyTo, findTarget } from './apply.ts';
import type { Engine, EngineOptions, Outcome } from './engine.ts';

export function poolEngine({ kind, jobs: maxWorkers, chunkSize, retries, backoff, timeout }: EngineOptions): Engine {
  const pool = kind === 'thread' ? new ThreadPoolExecutor({ maxWorkers }) : new ProcessPoolExecutor({ maxWorkers });
  let stop = (): void => {};
  const cancel = (): void => void pool.shutdown({ wait: false, cancelFutures: true });

  return {
    find: (target) => pool.submit(findTarget, target),
    outcomes: (jobs) => {
      const found = mapOutcomes(pool, retries > 0 ? applyOrThrow : applyTo, jobs, {
        // The order is made by the run itself, which must not lose what is done behind a slow item when it is interrupted.
        unordered: true,
        chunkSize,
        timeout,
        retries,
        backoff,
      });
      stop = () => void found.return?.();
      return found as AsyncIterator<Outcome, undefined>;
    },
    close: () => pool.shutdown(),
    cancel,
    stop: () => {
      stop();
      cancel();
    },
  };
}
