/** The first file of a pool's worker thread. */

import { workerData } from 'node:worker_threads';
import { WordMark } from './begun-mark.ts';
import { exitInOrder } from './exit.ts';
import { joinLoaders, prepareForLoaders } from './loaders.ts';
import { MessagePortLink } from './message-port-link.ts';
import { RingLink } from './ring-link.ts';
import { Runner } from './runner.ts';
import type { WorkerThreadData } from './thread.ts';
import { stand, type ThreadData } from './thread-ground.ts';

await prepareForLoaders();
await joinLoaders();
const { ground, own } = workerData as ThreadData<WorkerThreadData>;
stand(ground);
const link = own.ring === undefined ? new MessagePortLink(own.port, true) : new RingLink({ port: own.port, ...own.ring });
new Runner(link, { kind: 'thread' }, exitInOrder, new WordMark(own.begun), { words: own.ahead, at: 0 }).start();
