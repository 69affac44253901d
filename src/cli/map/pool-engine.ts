/** `heddle map` on heddle's own pools. */

import { mapOutcomes, ProcessPoolExecutor, ThreadPoolExecutor } from '../../pool/index.ts';
import { applyTo, findTarget, type Job } from './apply.ts';
import type { Engine, EngineOptions, Outcome } from './engine.ts';

export function poolEngine({ kind, jobs: maxWorkers, chunkSize }: EngineOptions): Engine {
  const pool = kind === 'thread' ? new ThreadPoolExecutor({ maxWorkers }) : new ProcessPoolExecutor({ maxWorkers });
  let stop = (): void => {};
  let isStopped = false;

  async function* outcomes(jobs: AsyncIterable<Job>): AsyncGenerator<Outcome> {
    // The order is made by the run itself, which must not lose what is done behind a slow item when it is interrupted.
    const found = mapOutcomes(pool, applyTo, jobs, { unordered: true, ...(chunkSize === undefined ? {} : { chunkSize }) });
    stop = () => void found.return?.();
    if (isStopped) return;
    for await (const { index, ok, value } of found) yield ok ? { index, ok, value } : { index, ok: false, error: value };
  }

  return {
    find: (target) => pool.submit(findTarget, target),
    outcomes,
    close: () => pool.shutdown(),
    stop: () => {
      isStopped = true;
      stop();
      void pool.shutdown({ wait: false, cancelFutures: true });
    },
  };
}
