/** A program that submits tasks, and waits for them until it is killed. */

import { DistributedExecutor } from 'heddle/distributed';
import { double, untilFile } from './tasks.ts';

const [, , url, queue, begun, end] = process.argv as [string, string, string, string, string, string];
const executor = new DistributedExecutor({ url, queue, release: 'test', callerTimeout: 5000 });
const futures: Promise<unknown>[] = [executor.submit(untilFile, begun, end)];
for (let i = 0; i < 50; i++) futures.push(executor.submit(double, i));
process.stderr.write('ready\n');
await Promise.all(futures);
