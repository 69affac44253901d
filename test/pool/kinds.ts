/** Both executors, for tests that hold for either. */

import { after } from 'node:test';
import { type Executor, type ExecutorOptions, ProcessPoolExecutor, ThreadPoolExecutor } from 'heddle';

type Open = (options?: ExecutorOptions) => Executor;

/** Opens one executor for each number of workers, for all tests of a file that neither set it up nor end its workers: starts take long. */
function sharing(open: Open): (maxWorkers: number) => Executor {
  const executors = new Map<number, Executor>();
  after(async () => {
    await Promise.all([...executors.values()].map((executor) => executor.shutdown()));
  });
  return (maxWorkers) => {
    const executor = executors.get(maxWorkers) ?? open({ maxWorkers });
    executors.set(maxWorkers, executor);
    return executor;
  };
}

const openThreads = (options?: ExecutorOptions): ThreadPoolExecutor => new ThreadPoolExecutor(options);
const openProcesses = (options?: ExecutorOptions): ProcessPoolExecutor => new ProcessPoolExecutor(options);

interface Kind {
  readonly kind: 'thread' | 'process';
  readonly open: Open;
  readonly shared: (maxWorkers: number) => Executor;
}

/**
 * The executor of `test/distributed/executor-conformance.test.ts`, which runs these suites on it: over a server, with processes as workers.
 */
const { HEDDLE_TEST_EXECUTOR: other } = process.env;

async function kindsHere(): Promise<readonly [Kind, Kind]> {
  if (other === undefined)
    return [
      { kind: 'thread', open: openThreads, shared: sharing(openThreads) },
      { kind: 'process', open: openProcesses, shared: sharing(openProcesses) },
    ];
  const { open } = (await import(other)) as { readonly open: Open };
  return [{ kind: 'process', open, shared: sharing(open) }] as unknown as readonly [Kind, Kind];
}

export const kinds: readonly [Kind, Kind] = await kindsHere();
