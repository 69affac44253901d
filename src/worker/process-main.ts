/**
 * The first file of a worker process. Its host is at the other end of descriptor 3; when that closes, the worker ends. Descriptor 4 is
 * its lifeline, which nobody touches; into descriptor 5 it marks what it has begun, if one of its arguments is `marks`; with `heap`
 * descriptor 6 is the shared heap of the whole tree, which is mapped when it meets a shared object.
 */

import { Socket } from 'node:net';
import type { Border } from '../codec/index.ts';
import { tellHeapPlace } from '../handles.ts';
import { prepareForLoaders } from './loaders.ts';
import { exitInOrder } from './exit.ts';
import { PipeMark, noMark } from './begun-mark.ts';
import { PipeLink } from './pipe-link.ts';
import { Runner } from './runner.ts';

await prepareForLoaders();
const socket = new Socket({ fd: 3, readable: true, writable: true });
const given = new Set(process.argv.slice(2));
const border: Border = { kind: 'process', apart: given.has('heap') ? undefined : 'its host shares no memory with it' };
if (border.apart === undefined) tellHeapPlace({ descriptor: 6 });
new Runner(new PipeLink(socket), border, exitInOrder, given.has('marks') ? new PipeMark(5) : noMark).start();
