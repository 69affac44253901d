/**
 * One run of a test, in which a strategy chooses the next step.
 *
 *   a step is ready   ──▶ the strategy picks one ──▶ its step ──▶ all that this does to promises ──┐
 *     ▲                                                                                            │
 *     ├────────────────────────────────────────────────────────────────────────────────────────────┘
 *     └── the clock jumps to the next time-out ◀── all wait ──▶ or there is none: a deadlock
 *
 * A run begins and ends with nothing: remaining greenlets are killed. An unseen error fails the run as one of the test's own.
 */

import { type Greenlet, GreenletExit, spawn } from '../../coroutine/index.ts';
import {
  type Actor,
  countDrain,
  describeDeadlock,
  hold,
  type Living,
  living,
  readyAt,
  readyCount,
  release,
  replaceClock,
  replaceTeller,
  restartNumbers,
  type Steppable,
  stepReady,
} from '../../loop/index.ts';
import { AllWait, turn } from './all-wait.ts';
import { DeadlockError, EndlessError } from './failures.ts';
import { ManualClock } from './manual-clock.ts';
import type { Choice } from '../explore/schedule.ts';
import type { Strategy } from '../explore/strategy.ts';
import { Trace } from './trace.ts';

/** The time of a run: it begins at 0, and jumps to the next time-out when all wait. */
export interface RunTime {
  /** In milliseconds. */
  now(): number;
}

/** The body of a test: as for `spawn()` a generator function, an async or a plain one. */
export type TestBody = (time: RunTime) => unknown;

export interface RunOptions {
  readonly maxSteps: number;
  readonly slowSteps: boolean;
  readonly quiet: number;
}

export interface Outcome {
  /** The error, after a failure. */
  readonly failure: { readonly error: unknown } | undefined;
  readonly choices: readonly Choice[];
  readonly steps: number;
}

/** Actors that can go on beside the ready greenlets. */
const time: Actor = { describe: () => 'time', isAsync: false };
const promises: Actor = { describe: () => 'promises', isAsync: false };

/** The number of times that remaining greenlets are killed: a `finally` may wait, but not indefinitely. */
const KILLS = 3;

export class Run {
  readonly #strategy: Strategy;
  readonly #options: RunOptions;
  readonly #trace: Trace | undefined;
  readonly #clock = new ManualClock();
  readonly #allWait: AllWait;
  readonly #others: ReadonlySet<Living> = new Set(living);
  readonly #choices: Choice[] = [];
  #steps = 0;
  /** True if an async function went on, whose promises have not called back. */
  #isAwaited = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(strategy: Strategy, options: RunOptions, trace?: Trace) {
    this.#strategy = strategy;
    this.#options = options;
    this.#trace = trace;
    this.#allWait = new AllWait(options.quiet);
  }

  async of(test: TestBody): Promise<Outcome> {
    // The caller may be in a step itself.
    await turn();
    hold();
    const clockBefore = replaceClock(this.#clock);
    const number = restartNumbers(0);
    const fail = (error: unknown): void => this.#fail(error);
    const teller = replaceTeller((_text, error) => this.#fail(error));
    process.on('unhandledRejection', fail);
    try {
      const clock = this.#clock;
      const body = spawn(test, { now: () => clock.now() });
      body.name = 'test';
      try {
        await this.#go(body);
      } finally {
        this.#trace?.promisesCalledBack();
        await this.#clear();
      }
      // Remaining greenlets may have failed, or a rejection may turn out to have no handler.
      await turn();
      await turn();
    } finally {
      process.off('unhandledRejection', fail);
      replaceTeller(teller);
      restartNumbers(number);
      replaceClock(clockBefore);
      release();
    }
    return { failure: this.#failure, choices: this.#choices, steps: this.#steps };
  }

  /** Until the test has failed, or has ended and all others wait. */
  async #go(body: Greenlet): Promise<void> {
    for (;;) {
      if (readyCount() === 0) await this.#callBack();
      if (body.dead && !body.successful()) this.#fail(body.exception);
      if (this.#failure !== undefined) return;
      if (readyCount() > 0) {
        if (this.#steps === this.#options.maxSteps) return this.#fail(new EndlessError(`the test has not ended in ${this.#steps} steps`));
        const going = this.#step();
        // Without need no promise must call back in between.
        if (going !== undefined) await going;
      } else if (body.dead) return;
      else await this.#goOnOtherwise();
    }
  }

  async #goOnOtherwise(): Promise<void> {
    if ((await this.#strategy.goOn?.()) === true || !(await this.#allWait.reached(() => false))) return;
    if (this.#clock.alarm < Infinity) this.#jump();
    else this.#fail(new DeadlockError(describeDeadlock(this.#waiting())));
  }

  #step(): Promise<void> | undefined {
    const ready = candidates();
    const others: Actor[] = [];
    // The loop runs all ready steps before promises call back; but enough may be ready that it has to pause.
    if (this.#isAwaited) others.push(promises);
    // A step that takes long lets time pass for those that are ready.
    if (this.#options.slowSteps && this.#clock.alarm < Infinity) others.push(time);
    const count = ready.length + others.length;
    const who = (index: number): Actor => (index < ready.length ? actorOf(ready[index]!) : others[index - ready.length]!);
    const picking = this.#strategy.pick(count, who);
    if (typeof picking === 'number') return this.#take(picking, count, who(picking), ready[picking]);
    // The turn may belong to something that only the strategy knows.
    return picking.then((picked) => (picked === -1 ? undefined : this.#take(picked, count, who(picked), ready[picked])));
  }

  #take(picked: number, count: number, actor: Actor, step: Steppable | undefined): Promise<void> | undefined {
    this.#steps += 1;
    if (count > 1) this.#choices.push({ picked, count });
    if (actor === promises) {
      this.#trace?.note('promises call back');
      return this.#callBack();
    }
    if (actor === time) this.#jump();
    else {
      if (this.#trace !== undefined) {
        // The places of spawns must be recorded.
        countDrain();
        this.#trace.stepBegins(actor, picked, count);
      }
      stepReady(step!);
      if (actor.isAsync) this.#isAwaited = true;
    }
    return undefined;
  }

  /** Lets promises call back. */
  async #callBack(): Promise<void> {
    await turn();
    this.#isAwaited = false;
    this.#trace?.promisesCalledBack();
  }

  #jump(): void {
    this.#clock.moveTo(this.#clock.alarm);
    this.#trace?.note(`time: ${this.#clock.now()} ms`);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #ours(): Living[] {
    return [...living].filter((one) => !this.#others.has(one));
  }

  /** The place of the test's own spawn is known: here. */
  #waiting(): Pick<Living, 'describe'>[] {
    const [test, ...others] = this.#ours();
    return [{ describe: () => test!.describe().split('\n', 1)[0]! }, ...others];
  }

  /** Kills what is left, in the loop's own order and without a trace. */
  async #clear(): Promise<void> {
    for (let kills = 0; kills < KILLS; kills += 1) {
      for (const one of this.#ours()) one.kill(new GreenletExit('the test is over'));
      for (let steps = 0; steps < this.#options.maxSteps; steps += 1) {
        await turn();
        if (readyCount() > 0) stepReady(readyAt(0));
        else if (this.#ours().length > 0 && this.#clock.alarm < Infinity) this.#clock.moveTo(this.#clock.alarm);
        else break;
      }
      if (this.#ours().length === 0) return;
    }
    this.#fail(new EndlessError(`what the test left behind does not end when it is killed:\n  ${this.#ours()[0]!.describe()}`));
  }
}

const actors = new WeakMap<Steppable, Actor>();

/** The actor of a step; a step without one acts for itself. */
function actorOf(step: Steppable): Actor {
  if (step.whose !== undefined) return step.whose;
  let actor = actors.get(step);
  if (actor === undefined) actors.set(step, (actor = { describe: () => step.constructor.name, isAsync: false }));
  return actor;
}

/** The candidates for the next turn, in line. */
function candidates(): Steppable[] {
  const found: Steppable[] = [];
  for (let i = 0; i < readyCount(); i += 1) {
    const step = readyAt(i);
    if (step.keepsPlace !== true) found.push(step);
    else if (i === 0) return [step];
    else break;
  }
  return found;
}
