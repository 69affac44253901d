// The child of a program without heddle: runs one task of ../tasks.mjs, from its command line or, as a thread, from its `workerData`.
import { workerData } from 'node:worker_threads';
import * as tasks from '../tasks.mjs';

const [task, ...args] = workerData ?? process.argv.slice(2);
await tasks[task](...args);
