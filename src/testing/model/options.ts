/** The common options of `model()`, `modelRandom()` and `modelReplay()`. */

import { checkFunction, checkInteger, checkOptions } from '../../check.ts';
import type { ModelHeap } from './run/heap.ts';
import { slotsEnd } from './names.ts';

/** The facts of a run for `after`. */
export interface ModelEnd {
  /** Numbers of the threads that were killed. */
  readonly dead: readonly number[];
  /** The model's clock, in milliseconds. */
  readonly now: number;
}

export interface ModelTest<Context> {
  /**
   * The bodies of the threads. A body is called again and again in one run: it must make all that it uses, except for what lies in the
   * model's memory. Named functions give the threads their names; the others are A, B, C.
   */
  readonly threads: readonly ((context: Context) => void)[];
  /** Prepares the memory of a run. Its result is the argument of the threads. Its actions belong to no thread and are not steps. */
  readonly setup: (heap: ModelHeap) => Context;
  /** Called when all threads have ended or died, as one that was in no step: for what must be so in the end. */
  readonly after?: ((context: Context, end: ModelEnd) => void) | undefined;
  /** Called after each step that changed something: for what must always be so. */
  readonly always?: ((context: Context) => void) | undefined;
  /** The number of threads that may die in a run, each at any step. Default 0. */
  readonly deaths?: number | undefined;
  /** Numbers of the threads that may die. Default: all. */
  readonly mayDie?: readonly number[] | undefined;
  /**
   * The number of timeouts that may come in a run although other threads could go on. When none can, the next timeout comes in any case.
   * Default 0.
   */
  readonly timeouts?: number | undefined;
  /** The number of times that 2 ms may pass before a thread looks at the clock. Default 0. */
  readonly delays?: number | undefined;
  /**
   * The number of slices of each thread's sleeps that may end in a run although other threads could go on: after a death; `'always'`: one,
   * also without a death. When no thread can go on after a death, they end in any case. Default 1.
   */
  readonly slices?: number | 'always' | undefined;
  /** `go`: a pausing thread goes on at once, instead of when something has changed or no other thread can. For spinning that ends. */
  readonly pauses?: 'wait' | 'go' | undefined;
  /** A run of more steps has failed. Default 10,000. */
  readonly maxSteps?: number | undefined;
  /**
   * Words that a segment really has. Default: 8192 after the slots. From `leastWords` on blocks come from the real heap; below,
   * from the end of the words, and are not given back.
   */
  readonly words?: number | undefined;
}

const KEYS = ['threads', 'setup', 'after', 'always', 'deaths', 'mayDie', 'timeouts', 'delays', 'slices', 'pauses', 'maxSteps', 'words'];

/** As many as there are bits for in a sleep set. */
const MOST_THREADS = 30;

export type CheckedTest = Pick<ModelTest<unknown>, 'threads' | 'setup' | 'after' | 'always'> & {
  readonly [Key in 'deaths' | 'mayDie' | 'timeouts' | 'delays' | 'slices' | 'pauses' | 'maxSteps' | 'words']: Exclude<
    ModelTest<unknown>[Key],
    undefined
  >;
};

/** @param more the keys that the caller reads itself */
export function readTest<Context>(test: ModelTest<Context>, more: readonly string[]): CheckedTest {
  checkOptions(test, 'test', [...KEYS, ...more]);
  const {
    threads,
    setup,
    after,
    always,
    deaths = 0,
    timeouts = 0,
    delays = 0,
    slices = 1,
    pauses = 'wait',
    maxSteps = 10_000,
    words = slotsEnd + 8192,
  } = test;
  for (const thread of threads) checkFunction(thread, 'a thread');
  checkFunction(setup, 'setup');
  checkInteger(threads.length, 'the number of threads', 1, MOST_THREADS);
  checkInteger(deaths, 'deaths', 0);
  checkInteger(timeouts, 'timeouts', 0);
  checkInteger(delays, 'delays', 0);
  if (slices !== 'always') checkInteger(slices, 'slices', 0);
  checkInteger(maxSteps, 'maxSteps', 1);
  checkInteger(words, 'words', 1);
  const mayDie = test.mayDie ?? threads.map((_, number) => number);
  return { threads, setup, after, always, deaths, mayDie, timeouts, delays, slices, pauses, maxSteps, words } as CheckedTest;
}
