/** A process that works at a queue and is killed right after one of the words that it writes: `node --conditions=model victim.js ACTION REF WRITE`. */

import { replaceStepper, type Stepper } from '#src/memory/index.js';
import { joinObject } from '#src/memory/index.js';
import { Queue } from '#src/channel/index.js';
import { tellHeapPlace } from '#src/handles.js';

const [, , action, ref, write] = process.argv;
tellHeapPlace({ descriptor: 3 });
const queue = joinObject(Number(ref));
if (!(queue instanceof Queue)) throw new TypeError(`block ${ref} is no queue`);

const real = Atomics as unknown as Record<string, (words: Int32Array, index: number, a: number, b: number) => number>;
let left = Number(write);
const stepper: Stepper = (operation, words, index, a, b) => {
  if (words === undefined) return 0;
  const result = real[operation]!(words, index, a, b);
  if (operation !== 'load' && --left === 0) process.kill(process.pid, 'SIGKILL');
  return result;
};

/** What the victim does; it is killed in the middle, or ends by itself with exit code 7. */
const actions: Record<string, () => void> = {
  put: () => queue.putSync('victim'),
  putMany: () => queue.putManySync(Array.from({ length: 3 }, (_, n) => `victim ${n} ${'x'.repeat(2000)}`)),
  get: () => void queue.getSync(0),
  getMany: () => void queue.getManySync(2, 0),
  taskDone: () => {
    queue.getSync(0);
    queue.taskDone();
  },
};

replaceStepper(stepper);
actions[action!]!();
replaceStepper(undefined);
process.exit(7);
