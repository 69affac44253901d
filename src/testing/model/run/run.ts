/**
 * One run of the model: real code, run by several threads that are played by one, in an order that a strategy decides.
 *
 *   decide ──▶ an event happens ──▶ decide …
 *     └──▶ a thread goes on ──▶ its body is run: what it had done is told to it, without any effect … then its step is made
 *                                 └──▶ before its next step: decide ──▶ it goes on itself
 *                                                              └──▶ another one does: `suspended` is thrown through the body
 *
 * A body has no stack that could be kept while another one runs, so it is thrown away, and made again when it goes on. Whatever its code does
 * while it is thrown through (in a `finally`) has no effect. A thread that begins or has slept makes its next step at once.
 */

import { quote } from '../../../check.ts';
import { type AtomicName, become } from '../../../memory/index.ts';
import { DeadlockError, EndlessError } from '../../run/failures.ts';
import type { Choice } from '../../explore/schedule.ts';
import { Actions, type Allowed } from './actions.ts';
import { ModelAgent } from './agent.ts';
import type { Caller, ModelMemory } from './memory.ts';
import { type OperationName, perform } from './operation.ts';
import type { Strategy } from '../order/strategy.ts';
import type { ModelThread } from './thread.ts';
import type { Trace } from './trace.ts';
import type { WokenBy, World } from './world.ts';

export interface Outcome {
  readonly failure: { readonly error: unknown } | undefined;
  readonly choices: readonly Choice[];
  readonly steps: number;
  /** True if the strategy gave it up. */
  readonly isCut: boolean;
}

export interface RunRules extends Allowed {
  readonly maxSteps: number;
  /** True if a pausing thread waits for a change. */
  readonly pauses: boolean;
  /** Is called after each step that changed something. */
  readonly always: (() => void) | undefined;
  /** Describes a thread in a deadlock. */
  describe(thread: ModelThread): string;
}

/** Is thrown through a body that does not go on now. */
const suspended: unique symbol = Symbol('suspended');

/** All that `once` does lies here, as it were. */
const outside: Int32Array = new Int32Array(1);

export class Run implements Caller {
  readonly #world: World;
  readonly #memory: ModelMemory;
  readonly #rules: RunRules;
  readonly #strategy: Strategy;
  readonly #trace: Trace | undefined;
  readonly #actions: Actions;
  readonly #outsider: ModelAgent;
  readonly #choices: Choice[] = [];
  #steps = 0;
  #failure: { readonly error: unknown } | undefined;
  #isCut = false;
  /** The thread whose body runs. Undefined: operations take effect at once, and belong to no thread. */
  #running: ModelThread | undefined;
  /** True while `suspended` is on its way through the body. */
  #isLeaving = false;
  /** True if the next step has already been given to the running thread. */
  #isGranted = false;
  /** The thread that goes on next; undefined when the run is over. */
  #next: ModelThread | undefined;

  /** @param outsider the agent of code outside of the threads */
  constructor(world: World, memory: ModelMemory, rules: RunRules, strategy: Strategy, outsider: ModelAgent, trace?: Trace) {
    this.#world = world;
    this.#memory = memory;
    this.#rules = rules;
    this.#strategy = strategy;
    this.#outsider = outsider;
    this.#trace = trace;
    this.#actions = new Actions(world, rules);
  }

  /** @param after is called in the end if nothing failed */
  of(after: () => void): Outcome {
    for (this.#decide(); this.#next !== undefined; ) this.#runBody(this.#next);
    become(this.#outsider);
    if (this.#failure === undefined && !this.#isCut) this.#guard(after);
    return { failure: this.#failure, choices: this.#choices, steps: this.#steps, isCut: this.#isCut };
  }

  /** Until another one goes on, or it has ended. */
  #runBody(thread: ModelThread): void {
    this.#running = thread;
    thread.told = 0;
    thread.onRing = undefined;
    thread.agent = new ModelAgent(thread.id, this.#memory);
    become(thread.agent);
    try {
      thread.body();
    } catch (error) {
      if (!this.#isLeaving) this.#fail(error);
    }
    this.#running = undefined;
    if (this.#isLeaving) {
      this.#isLeaving = false;
      return;
    }
    thread.status = 'ended';
    this.#world.changed();
    this.#decide();
  }

  /** Chooses the thread of the next step; events happen before it. */
  #decide(): void {
    const { threads } = this.#world;
    this.#next = undefined;
    for (;;) {
      if (this.#failure !== undefined) return;
      if (this.#strategy.looksAhead === true) {
        // The code up to its next operation does not affect other threads.
        this.#next = threads.find(({ status }) => status === 'begins' || status === 'woken');
        this.#isGranted = false;
        if (this.#next !== undefined) return;
      }
      const actions = this.#actions;
      actions.collect();
      if (actions.count === 0) {
        const waiting = threads.filter((thread) => !thread.isOver);
        if (waiting.length > 0) this.#fail(new DeadlockError(`no thread can go on:\n${waiting.map(this.#rules.describe).join('\n')}`));
        return;
      }
      if (this.#steps === this.#rules.maxSteps) return this.#fail(new EndlessError(`it has not ended in ${this.#steps} steps`));
      this.#steps += 1;
      const picked = this.#strategy.pick(actions);
      if (picked < 0) {
        this.#isCut = true;
        return;
      }
      if (actions.count > 1) this.#choices.push({ picked, count: actions.count });
      const [kind, who] = [actions.kind(picked), actions.who(picked)];
      if (kind === 'go') {
        this.#world.current = this.#next = who;
        this.#isGranted = true;
        for (const thread of threads) thread.isFresh = thread === who;
        who.pausedAt = -1;
        return;
      }
      this.#world.happens(kind, who, actions.isForced);
      this.#trace?.event(who, EVENTS[kind]);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#next = undefined;
  }

  /** Runs what belongs to no thread. */
  #guard(what: () => void): void {
    const running = this.#running;
    this.#running = undefined;
    try {
      what();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = running;
    }
  }

  /** Throws through the body unless it is its turn. */
  #turn(thread: ModelThread): void {
    this.#decide();
    if (this.#next === thread) return;
    this.#leave();
  }

  #leave(): never {
    this.#isLeaving = true;
    // oxlint-disable-next-line typescript/only-throw-error -- it is not an error, and must not be taken for one
    throw suspended;
  }

  /** Called when a thread comes to an operation. Returns true if it was made before, and only its result must be returned. */
  #isTold(thread: ModelThread): boolean {
    if (this.#isLeaving) this.#leave();
    return thread.told < thread.results.length;
  }

  /** A thread stands before an operation that it has not made: until it is its turn. */
  #comesTo(thread: ModelThread, operation: OperationName, words: Int32Array, index: number, a: number, b: number): void {
    this.#standsBefore(thread, operation, words, index, a, b);
    if (!this.#isGranted || thread.pausedAt !== -1) this.#turn(thread);
    this.#isGranted = false;
  }

  #standsBefore(thread: ModelThread, operation: OperationName, words: Int32Array, index: number, a: number, b: number): void {
    thread.operation = operation;
    thread.words = words;
    thread.index = index;
    thread.a = a;
    thread.b = b;
    thread.status = 'ready';
  }

  #did(thread: ModelThread, result: unknown, hasChanged: boolean): void {
    thread.note(thread.operation, thread.index, result);
    if (!hasChanged) return;
    this.#world.changed();
    if (this.#rules.always === undefined) return;
    become(this.#outsider);
    this.#guard(this.#rules.always);
    become(thread.agent);
    if (this.#failure !== undefined) this.#leave();
  }

  atomic(operation: AtomicName, words: Int32Array | undefined, index: number, a: number, b: number): number {
    const thread = this.#running;
    if (thread === undefined) {
      if (words === undefined) return 0;
      const before = words[index]!;
      const result = perform(operation, words, index, a, b);
      this.#world.memory.replace(index, before, words[index]!);
      return result;
    }
    if (this.#isTold(thread)) return thread.tell(operation, index) as number;
    if (words === undefined) {
      thread.note(operation, index, 0);
      if (this.#rules.pauses) thread.pause(this.#world.changes);
      return 0;
    }
    this.#comesTo(thread, operation, words, index, a, b);
    const before = words[index]!;
    const result = perform(operation, words, index, a, b);
    const hasChanged = words[index] !== before;
    if (hasChanged) this.#world.memory.replace(index, before, words[index]!);
    this.#trace?.step(thread, result);
    this.#did(thread, result, hasChanged);
    thread.looked(operation === 'load', hasChanged, index, this.#world.changes);
    return result;
  }

  sleep(words: Int32Array, index: number, expected: number, ms: number): void {
    const thread = this.#running;
    if (thread === undefined) throw new Error('only threads may sleep');
    if (this.#isTold(thread)) {
      thread.tell('sleep', index);
      return;
    }
    this.#comesTo(thread, 'sleep', words, index, expected, ms);
    if (words[index] !== expected || ms <= 0) {
      this.#trace?.step(thread, words[index]!, 'does not sleep');
      this.#did(thread, 'wake', false);
      return;
    }
    thread.deadline = this.#world.clock + ms;
    this.#world.lieDown(thread);
    this.#trace?.step(thread, expected, 'sleeps');
    // The thread goes on when another one has woken it, and recorded so in its results.
    this.#turn(thread);
  }

  wake(words: Int32Array, index: number, count: number): void {
    const thread = this.#running;
    if (thread === undefined) {
      this.#world.wake(words, index, count);
      return;
    }
    if (this.#isTold(thread)) {
      thread.tell('wake', index);
      return;
    }
    this.#comesTo(thread, 'wake', words, index, count, 0);
    const woken = this.#world.wake(words, index, count);
    this.#trace?.step(thread, count, woken.length === 0 ? 'nobody' : woken.map(({ name }) => name).join(', '));
    this.#did(thread, 0, false);
  }

  /** A separate step only while the clock may move. */
  now(): number {
    const thread = this.#running;
    const { budgets } = this.#world;
    if (thread === undefined) return this.#world.clock;
    if (this.#isTold(thread)) return thread.tell('now', 0) as number;
    if (budgets.timeouts > 0 || budgets.delays > 0) this.#comesTo(thread, 'now', outside, 0, 0, 0);
    else this.#begins(thread, 'now', 0);
    const result = this.#world.clock;
    this.#trace?.note(thread, 'now', '', `${result} ms`);
    this.#did(thread, result, false);
    return result;
  }

  /** An operation that is not worth a step. */
  #begins(thread: ModelThread, operation: OperationName, index: number): void {
    thread.operation = operation;
    thread.index = index;
  }

  slot(): number {
    return (this.#running ?? this.#outsider).id & 0xfff;
  }

  isAlive(slot: number): boolean {
    const thread = this.#running;
    const other = this.#world.threads.find((one) => (one.id & 0xfff) === slot);
    const isAlive = (): boolean => other === undefined || other.status !== 'dead';
    if (thread === undefined) return isAlive();
    if (this.#isTold(thread)) return thread.tell('isAlive', slot) as boolean;
    if (this.#world.budgets.deaths > 0) this.#comesTo(thread, 'isAlive', outside, slot, 0, 0);
    else this.#begins(thread, 'isAlive', slot);
    const result = isAlive();
    // The asked thread's death after this answer differs from one before.
    if (result && other !== undefined) other.isFresh = true;
    this.#trace?.note(thread, 'isAlive', other?.name ?? `slot ${slot}`, result ? 'alive' : 'dead');
    this.#did(thread, result, false);
    return result;
  }

  openBell(place: number, onRing: () => void): void {
    const thread = this.#running;
    if (thread === undefined) return;
    thread.bellPlace = place;
    thread.onRing = onRing;
  }

  ring(slot: number): void {
    const thread = this.#running;
    const other = this.#world.threads.find((one) => (one.id & 0xfff) === slot);
    if (thread !== undefined) {
      if (this.#isTold(thread)) {
        thread.tell('ring', slot);
        return;
      }
      this.#comesTo(thread, 'ring', outside, slot, 0, 0);
      this.#trace?.note(thread, 'ring', other?.name ?? `slot ${slot}`, '');
      this.#did(thread, 0, false);
    }
    if (other === undefined || other.isOver) return;
    other.isRung = true;
    this.#world.touched(other);
  }

  /** The running thread. */
  thread(): ModelThread {
    if (this.#running === undefined) throw new Error('only in the body of a thread');
    return this.#running;
  }

  /** Waits for the bell of the thread that runs. */
  listen(ms: number): WokenBy {
    const thread = this.#running;
    if (thread === undefined) throw new Error('only threads have a bell');
    if (this.#isTold(thread)) return thread.tell('listen', 0) as WokenBy;
    if (thread.deadline === Infinity) thread.deadline = this.#world.clock + ms;
    this.#standsBefore(thread, 'listen', outside, 0, ms, 0);
    if (!this.#isGranted || !thread.isRung || thread.pausedAt !== -1) this.#turn(thread);
    // The timeout or slice has recorded so in its results.
    if (thread.status === 'woken') return thread.results.at(-1) as WokenBy;
    this.#isGranted = false;
    thread.deadline = Infinity;
    thread.isRung = false;
    this.#trace?.note(thread, 'listen', '', 'was rung');
    this.#did(thread, 'wake', true);
    return 'wake';
  }

  once<T>(what: () => T): T {
    const thread = this.#running;
    if (thread === undefined) return what();
    if (this.#isTold(thread)) return thread.tell('once', 0) as T;
    this.#comesTo(thread, 'once', outside, 0, 0, 0);
    let result: T;
    this.#running = undefined;
    try {
      result = what();
    } catch (error) {
      // At once: in a `finally` of the body it could be lost.
      this.#fail(error);
      this.#leave();
    }
    this.#running = thread;
    this.#world.outside.mixAll(thread.fingerprint);
    this.#world.outside.mix(thread.number);
    thread.fingerprint.mixAll(this.#world.outside);
    this.#trace?.note(thread, 'once', what.name, result === undefined ? '' : quote(result));
    this.#did(thread, result, true);
    return result;
  }

  discard(words: Int32Array, index: number, count: number): void {
    const thread = this.#running;
    if (thread === undefined) {
      words.fill(0, index, index + count);
      return;
    }
    if (this.#isTold(thread)) {
      thread.tell('discard', index);
      return;
    }
    this.#comesTo(thread, 'discard', words, index, count, 0);
    for (let at = index; at < index + count; at += 1) if (words[at] !== 0) this.#world.memory.replace(at, words[at]!, 0);
    words.fill(0, index, index + count);
    this.#trace?.step(thread, 0, `${count} words`);
    this.#did(thread, 0, true);
  }
}

const EVENTS = {
  timeout: 'its time is over',
  slice: 'looks around after a slice',
  delay: 'time passes',
  kill: 'dies',
} as const;
