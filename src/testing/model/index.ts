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
 * - A step is an atomic operation of `#atomics`, a call of `Memory`, a `once()`, or the wait of `turn()`. The calls of `Memory` are
 *   `sleep`, `wake`, `ring`, `isAlive` while a thread may die, and `now` while the clock may move. Code between two steps belongs to the
 *   first of them.
 * - A body is run again from the beginning whenever its thread goes on; what its steps gave is told to it again, without an effect. So it
 *   must do the same things again: all that it uses it makes itself, but for the model's memory and what is in `once()`.
 * - Each thread has an agent with a slot of its own (`theAgent()`); the code around the threads has another one.
 * - An event loop is `while (…) turn();` in a body: it waits for the bell, then steps all of `theAgent().waits`.
 * - Timeouts come at any step, up to `timeouts` of them, and when no thread can go on otherwise. Only then the clock moves (and by
 *   `delays`). The slices of sleeps and the ticks of loops come only after a death (`slices`). A lost wake-up without a death is thus a
 *   deadlock.
 * - A death (`deaths`) comes at any step. A death later than another thread's step makes a difference only if that step asked whether it
 *   lives, woke it or rang it. No other moments are tried.
 * - A thread pauses by `pause()`, `idle()`, or after twenty more looks at words that it has seen. It goes on when something has changed
 *   since, or when no other can. `pauses: 'go'` lets it go on at once, for spinning that has an end.
 * - A search ends runs at states that it has seen, or leaves out orders that make no difference (`reduces`); `schedules` counts the runs
 *   that went to their end. State in words of the model is cheaper for that than state in `once()`, whose order always counts.
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
