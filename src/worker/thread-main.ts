/** The first file of a worker thread. */

import { workerData } from 'node:worker_threads';
import { tellHeapPlace } from '../handles.ts';
import { setEndGates } from '../undisturbed.ts';
import { WordMark } from './begun-mark.ts';
import { MessagePortLink } from './message-port-link.ts';
import { Runner } from './runner.ts';
import { exitInOrder } from './exit.ts';
import type { ThreadData } from './thread.ts';
import { joinLoaders, prepareForLoaders } from './loaders.ts';

await prepareForLoaders();
await joinLoaders();
const { port, begun, seed, startedBy, endGates } = workerData as ThreadData;
setEndGates(endGates);
tellHeapPlace({ seed: { buffer: seed, startedBy } });
new Runner(new MessagePortLink(port), { kind: 'thread' }, exitInOrder, new WordMark(begun)).start();
