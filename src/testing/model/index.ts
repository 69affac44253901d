/**
 * The model scheduler: the real code of `memory` and `sync`, run by a few threads whose every step a test decides. Under
 * `node --conditions=model` only; tests in folders named `model` are run so. Internal: tests import it as `#src/testing/model/index.js`.
 *
 *   const { schedules, isComplete } = model({
 *     // As the code around the threads: what it does is no step. What it returns is what the others get.
 *     setup: (heap) => ({ ref: refOf(new Lock()), inside: heap.take(1, 'inside') }),
 *     threads: [worker, worker],
 *     // When all have ended or died. `always` is called after each step that changed something.
 *     after: ({ inside }, { dead }) => assert.equal(load(inside.words, inside.at), 0),
 *     preemptions: 2, // Infinity: all that differ
 *     deaths: 1,
 *   });
 *   function worker({ ref }) {
 *     const lock = joinObject(ref) as Lock; // handles are made inside of the body
 *     lock.acquireSync();
 *     once(() => count++); // what lies outside of the model's memory: once, however often the body is run again
 *     lock.release();
 *   }
 *
 * - A step is an atomic operation of `#atomics`, a call of `Memory` (`sleep`, `wake`, `ring`; `isAlive` while somebody may die, `now` while the
 *   clock may move), a `once()`, and the wait of `turn()`. Whatever stands between two steps belongs to the first of them.
 * - A body is run again from the beginning whenever its thread goes on; what its steps gave is told to it again, without an effect. So it
 *   must do the same things again: all that it uses it makes itself, but for the model's memory and what is in `once()`.
 * - Each thread has an agent with a slot of its own (`theAgent()`); the code around the threads has another one.
 * - An event loop is `while (…) turn();` in a body: it waits for the bell, then steps all of `theAgent().waits`.
 * - Time-outs come at any step as long as `timeouts` lasts, and when nobody can go on otherwise. Only then the clock moves (and by `delays`). The
 *   slices of sleeps and the ticks of loops come only after a death (`slices`), so that a lost wake-up without a death is a deadlock.
 * - A death (`deaths`) comes at any step. To come later than another thread's step makes a difference only if that asked whether
 *   it lives, woke it or rang it, so that no more moments are tried.
 * - A thread that pauses (`pause()`, `idle()`), or has looked twenty times more at words that it has seen, goes on when something has changed since, or
 *   when no other can: `pauses: 'go'` lets it go on at once, for spinning that has an end.
 * - A search ends runs at states that it has seen, or leaves out orders that make no difference (`reduces`); `schedules` are the runs that
 *   went to their end. What lies in words of the model is cheaper for that than what is in `once()`, whose order always counts.
 * - A failure says its schedule, its steps as a table, and how to replay it. Words have the names of the layouts that are given to `heap.take`
 *   and `heap.describe`.
 */

export {
  model,
  modelRandom,
  modelReplay,
  type Explored,
  type ExploredRandomly,
  type ModelOptions,
  type ModelRandomOptions,
} from './model.ts';
export { ModelError } from './run/failure.ts';
export type { ModelHeap } from './run/heap.ts';
export type { ModelEnd, ModelTest } from './options.ts';
export { once, turn } from './run/steps.ts';
