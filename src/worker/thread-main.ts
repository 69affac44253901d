/** The first file of a pool's worker thread. */

import { workerData } from 'node:worker_threads';
import { WordMark } from './inside/begun-mark.ts';
import { exitInOrder } from './inside/exit.ts';
import { joinLoaders, prepareForLoaders } from './start/loaders.ts';
import { MessagePortLink } from './link/message-port-link.ts';
import { RingLink } from './link/ring-link.ts';
import { Runner } from './inside/runner.ts';
import type { WorkerThreadData } from './host/thread.ts';
import { stand, type ThreadData } from './start/thread-ground.ts';

await prepareForLoaders();
await joinLoaders();
const { ground, own } = workerData as ThreadData<WorkerThreadData>;
stand(ground);
const link = own.ring === undefined ? new MessagePortLink(own.port, true) : new RingLink({ port: own.port, ...own.ring });
new Runner(link, { kind: 'thread' }, exitInOrder, new WordMark(own.begun), { words: own.ahead, at: 0 }).start();
