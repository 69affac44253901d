/**
 * The first file of a worker process. Its host is at the other end of descriptor 3; when that closes, the worker ends. Descriptor 4 is
 * its lifeline, which nobody touches; into descriptor 5 it marks what it has begun, if its first argument is `marks`.
 */

import { Socket } from 'node:net';
import { exitInOrder } from './exit.ts';
import { PipeMark, noMark } from './begun-mark.ts';
import { PipeLink } from './pipe-link.ts';
import { Runner } from './runner.ts';

const socket = new Socket({ fd: 3, readable: true, writable: true });
new Runner(new PipeLink(socket), 'process', exitInOrder, process.argv[2] === 'marks' ? new PipeMark(5) : noMark).start();
