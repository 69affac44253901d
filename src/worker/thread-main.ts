/** The first file of a worker thread. */

import { type MessagePort, workerData } from 'node:worker_threads';
import { MessagePortLink } from './message-port-link.ts';
import { Runner } from './runner.ts';
import { exitInOrder } from './exit.ts';
import { joinLoaders } from './thread-loader.ts';

await joinLoaders();
const { port } = workerData as { port: MessagePort };
new Runner(new MessagePortLink(port), 'thread', exitInOrder).start();
