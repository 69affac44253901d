/**
 * The first file of a worker process. Its host is at the other end of descriptor 3; when that closes, the worker ends. Descriptor 4 is its
 * lifeline, which is never used. Into descriptor 5 it marks the tasks it has begun, if one of its arguments is `marks`. With `heap`,
 * descriptor 6 is the shared heap of the whole tree, which is mapped at the first shared object.
 */

import { Socket } from 'node:net';
import { tellHeapPlace } from '../handles.ts';
import { prepareForLoaders } from './start/loaders.ts';
import { serveHost } from './serve.ts';

await prepareForLoaders();
const given = new Set(process.argv.slice(2));
if (given.has('heap')) tellHeapPlace({ descriptor: 6 });
serveHost(new Socket({ fd: 3, readable: true, writable: true }), given, 5);
