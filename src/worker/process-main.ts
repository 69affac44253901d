/** The first file of a worker process. Its host is at the other end of descriptor 3; when that closes, the worker ends. */

import { Socket } from 'node:net';
import { exitInOrder } from './exit.ts';
import { PipeLink } from './pipe-link.ts';
import { Runner } from './runner.ts';

const socket = new Socket({ fd: 3, readable: true, writable: true });
new Runner(new PipeLink(socket), 'process', exitInOrder).start();
