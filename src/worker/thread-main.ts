/** The first file of a worker thread. */

import { type MessagePort, workerData } from 'node:worker_threads';
import { WordMark } from './begun-mark.ts';
import { MessagePortLink } from './message-port-link.ts';
import { Runner } from './runner.ts';
import { exitInOrder } from './exit.ts';
import { joinLoaders } from './thread-loader.ts';

await joinLoaders();
const { port, begun } = workerData as { port: MessagePort; begun: Uint32Array };
new Runner(new MessagePortLink(port), 'thread', exitInOrder, new WordMark(begun)).start();
