/**
 * The executor that the suites of `test/pool` open in place of one of this machine: one over the server of `HEDDLE_TEST_URL`, with its own
 * worker in this process.
 */

import { after } from 'node:test';
import type { Executor, ExecutorOptions } from 'heddle';
import { DistributedExecutor, DistributedWorker } from 'heddle/distributed';
import { freeName } from './server.ts';

const { HEDDLE_TEST_URL: url } = process.env;
const opened: { readonly executor: DistributedExecutor; readonly worker: DistributedWorker }[] = [];

after(async () => {
  for (const { executor, worker } of opened) {
    await executor.shutdown({ cancelFutures: true });
    await worker.close(0);
  }
});

export function open({ maxWorkers = 2, queueLimit, ...others }: ExecutorOptions = {}): Executor {
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Error(`${other} is an option of executors of one machine`);
  const common = { url, queue: freeName(), release: 'test', authkey: 'the secret of conformance', allowFunctions: true };
  const worker = new DistributedWorker({ ...common, maxWorkers });
  const executor = new DistributedExecutor({ ...common, queueLimit });
  worker.start().catch((error: unknown) => process.emitWarning(error as Error));
  opened.push({ executor, worker });
  return executor;
}
