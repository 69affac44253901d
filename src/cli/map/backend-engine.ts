/** `heddle map --backend`: the same on workers of other machines, which have the same release. */

import { messageOf } from '../../errors.ts';
import { mapOutcomes } from '../../pool/index.ts';
import { OutsideError, UsageError } from '../usage-error.ts';
import { applyOrThrow, applyTo, findTarget, type Job, type Target } from './apply.ts';
import type { Engine, EngineMaker, Outcome } from './engine.ts';

/** Milliseconds that the command waits for a first worker. */
const patience = 10_000;

/** @throws UsageError for a server that is refused */
export async function backendEngine(url: string): Promise<EngineMaker> {
  const { DistributedExecutor } = await import('../../distributed/index.ts');
  const { readRelease } = await import('../../distributed/environment.ts');
  const { HEDDLE_QUEUE: queue, HEDDLE_RELEASE: release } = process.env;
  const { release: folder } = readRelease(release).home;
  return ({ jobs, chunkSize, retries, backoff, timeout }): Engine => {
    const executor = open();
    let stop = (): void => {};
    const cancel = (): void => void executor.shutdown({ wait: false, cancelFutures: true });

    return {
      find: async (target) => {
        const there = inRelease(target);
        if (!(await executor.ready(1, patience)))
          throw new OutsideError(`no worker has joined at ${url} within ${patience} ms: heddle worker --url ${url}`);
        return executor.submit(findTarget, there);
      },
      outcomes: (items) => {
        const found = mapOutcomes(executor.with({ idempotent: true }), retries > 0 ? applyOrThrow : applyTo, released(items), {
          unordered: true,
          chunkSize,
          timeout,
          retries,
          backoff,
        });
        stop = () => void found.return?.();
        return found as AsyncIterator<Outcome, undefined>;
      },
      close: () => executor.shutdown(),
      cancel,
      stop: () => {
        stop();
        cancel();
      },
    };

    function open(): InstanceType<typeof DistributedExecutor> {
      try {
        return new DistributedExecutor({ url, queue, release, maxWorkers: jobs });
      } catch (error) {
        throw new UsageError(messageOf(error));
      }
    }
  };

  /** The module by its place in the release. */
  function inRelease(target: Target): Target {
    if (!target.url.startsWith(folder)) throw new UsageError(`${target.url} is not in ${folder}, the release that the workers have`);
    return { ...target, url: `release:${target.url.slice(folder.length)}`, hasBar: false };
  }

  async function* released(items: AsyncIterable<Job>): AsyncIterable<Job> {
    for await (const { target, item } of items) yield { target: inRelease(target), item };
  }
}
