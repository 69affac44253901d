/** `heddle map` on heddle's own pools. */

import { mapOutcomes, ProcessPoolExecutor, ThreadPoolExecutor } from '../../pool/index.ts';
import { applyTo, findTarget } from './apply.ts';
import type { Engine, EngineOptions, Outcome } from './engine.ts';

export function poolEngine({ kind, jobs: maxWorkers, chunkSize }: EngineOptions): Engine {
  const pool = kind === 'thread' ? new ThreadPoolExecutor({ maxWorkers }) : new ProcessPoolExecutor({ maxWorkers });
  let stop = (): void => {};
  const cancel = (): void => void pool.shutdown({ wait: false, cancelFutures: true });

  return {
    find: (target) => pool.submit(findTarget, target),
    outcomes: (jobs) => {
      // The order is made by the run itself, which must not lose what is done behind a slow item when it is interrupted.
      const found = mapOutcomes(pool, applyTo, jobs, { unordered: true, ...(chunkSize === undefined ? {} : { chunkSize }) });
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
