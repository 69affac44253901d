/** Locks and semaphores under random kills, aborts and timeouts: never two owners at once, no permit is lost. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BoundedSemaphore, Condition, type Greenlet, Lock, RLock, Semaphore, sleep, spawn } from 'heddle/coroutine';
import { type Kind, kinds } from '../both-kinds.js';
import { HandClock, idle } from '../hand-clock.js';

const rounds = process.env['HEDDLE_LONG'] === undefined ? 300 : 5_000;

type Shared = Lock | RLock | Semaphore | Condition;

const sources: Record<string, { permits: number; make: () => Shared }> = {
  Lock: { permits: 1, make: () => new Lock() },
  RLock: { permits: 1, make: () => new RLock() },
  Condition: { permits: 1, make: () => new Condition(new RLock()) },
  Semaphore: { permits: 2, make: () => new Semaphore(2) },
  BoundedSemaphore: { permits: 3, make: () => new BoundedSemaphore(3) },
};

interface Visit {
  readonly kind: 0 | 1;
  readonly how: 'acquire' | 'hold' | 'run' | 'wait';
  readonly timeout: number | undefined;
  /** How long it stays, by the clock; -1 is not at all. */
  readonly stay: number;
}

type Step =
  | { readonly do: 'visit'; readonly visit: Visit }
  | { readonly do: 'kill' | 'abort'; readonly which: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'turn' | 'idle' };

const visit = fc.record({
  kind: fc.constantFrom<0 | 1>(0, 1),
  how: fc.constantFrom<Visit['how']>('acquire', 'hold', 'run', 'wait'),
  timeout: fc.constantFrom(undefined, undefined, undefined, 0, 3, 10),
  stay: fc.constantFrom(-1, 0, 2, 5),
});
const which = fc.nat({ max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: visit.map((one): Step => ({ do: 'visit', visit: one })) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'abort' as const), which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('turn' as const, 'turn' as const, 'idle' as const) }) },
);

/** The crowd, and what is seen of it. */
class Crowd {
  readonly #shared: Shared;
  readonly #permits: number;
  #inside = 0;
  #arrivals = 0;
  /** The owners, by order of arrival. */
  readonly entries: number[] = [];
  readonly greenlets: Greenlet[] = [];
  readonly controllers: AbortController[] = [];

  constructor(shared: Shared, permits: number) {
    this.#shared = shared;
    this.#permits = permits;
  }

  #enter(arrival: number): void {
    this.entries.push(arrival);
    this.#reenter();
  }

  #reenter(): void {
    this.#inside += 1;
    assert.ok(this.#inside <= this.#permits, `${this.#inside} are inside, of at most ${this.#permits}`);
  }

  *#stay(ms: number): Generator<any, void> {
    try {
      if (ms >= 0) yield* sleep(ms);
    } finally {
      this.#inside -= 1;
    }
  }

  /** In steps that `yield` an operation. */
  *#visit({ how, timeout, stay }: Visit, signal: AbortSignal): Generator<any, void> {
    const shared = this.#shared;
    const arrival = this.#arrivals++;
    const options = { timeout, signal };
    if (how === 'hold') {
      using _ = (yield shared.hold(options)) as Disposable;
      this.#enter(arrival);
      yield* this.#inStep(stay);
    } else if (how === 'run') {
      const crowd = this;
      yield shared.run(function* () {
        crowd.#enter(arrival);
        yield* crowd.#stay(stay);
      }, options);
    } else {
      if (!((yield shared.acquire(options)) as boolean)) return;
      try {
        this.#enter(arrival);
        if (how === 'wait' && shared instanceof Condition) yield* this.#wait(shared, stay, signal);
        else yield* this.#inStep(stay);
      } finally {
        shared.release();
      }
    }
  }

  /** A waiter is outside meanwhile, and inside again however the wait ends. */
  *#wait(condition: Condition, ms: number, signal: AbortSignal): Generator<any, void> {
    condition.notify();
    this.#inside -= 1;
    try {
      yield condition.wait({ timeout: ms < 0 ? 0 : ms, signal });
    } finally {
      this.#reenter();
      this.#inside -= 1;
    }
  }

  *#inStep(ms: number): Generator<any, void> {
    try {
      if (ms >= 0) yield sleep(ms);
    } finally {
      this.#inside -= 1;
    }
  }

  visit(one: Visit): void {
    const controller = new AbortController();
    const kind = kinds[one.kind] as Kind;
    const g = kind.start(() => this.#visit(one, controller.signal));
    g.link(() => {});
    this.greenlets.push(g);
    this.controllers.push(controller);
  }

  get inside(): number {
    return this.#inside;
  }
}

async function play(steps: readonly Step[], shared: Shared, permits: number): Promise<Crowd> {
  using clock = new HandClock();
  const crowd = new Crowd(shared, permits);
  for (const one of steps) {
    if (one.do === 'visit') crowd.visit(one.visit);
    else if (one.do === 'kill') crowd.greenlets[one.which]?.kill();
    else if (one.do === 'abort') crowd.controllers[one.which]?.abort();
    else if (one.do === 'advance') clock.advance(one.ms);
    else if (one.do === 'turn') await Promise.resolve();
    else await idle();
  }
  for (let i = 0; i <= steps.length; i += 1) {
    await idle();
    clock.advance(20);
  }
  await idle();
  return crowd;
}

for (const [name, { permits, make }] of Object.entries(sources)) {
  test(`a crowd gets into a ${name} one after another, in order, and none waits on`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const shared = make();
        const { entries, greenlets, inside } = await play(steps, shared, permits);
        const failed = greenlets.filter((g) => !g.ready() || isUnexpected(g.exception));
        assert.deepEqual(
          failed.map((g) => [g.ready(), g.exception]),
          [],
        );
        assert.equal(inside, 0);
        const { waiting } = shared.statistics();
        assert.equal(waiting, 0);
        if (shared instanceof Semaphore) assert.equal(shared.getValue(), permits);
        else assert.equal(shared.locked(), false);
        if (permits === 1)
          assert.deepEqual(
            entries,
            entries.toSorted((a, b) => a - b),
          );
      }),
      { numRuns: rounds },
    );
  });
}

function isUnexpected(error: unknown): boolean {
  return error !== undefined && !['TimeoutError', 'AbortError'].includes((error as Error).name);
}

/** Exact, as a generator greenlet that is killed has not seen what it did not return from. */
test('notifications go to the right waiters when waiters are killed', async () => {
  const move = fc.oneof(
    fc.record({ do: fc.constant('notify' as const), which: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('kill' as const), which: fc.nat({ max: 11 }) }),
    fc.record({ do: fc.constantFrom('turn' as const, 'idle' as const), which: fc.constant(0) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.array(move, { maxLength: 20 }), async (count, moves) => {
      const condition = new Condition();
      const returned = new Set<number>();
      const greenlets = Array.from({ length: count }, (_, i) =>
        spawn(function* () {
          using _lock = yield* condition.hold();
          yield* condition.wait();
          returned.add(i);
        }),
      );
      await idle();
      const unnotified = greenlets.map((_, i) => i);
      const notified = new Set<number>();
      const killed = new Set<number>();
      const notify = (): void => {
        const first = unnotified.shift();
        if (first !== undefined) notified.add(first);
      };
      for (const one of moves) {
        if (one.do === 'notify') {
          await condition.acquire();
          condition.notify(one.which);
          for (let i = 0; i < one.which; i += 1) notify();
          condition.release();
        } else if (one.do === 'kill' && one.which < count && !killed.has(one.which) && !returned.has(one.which)) {
          greenlets[one.which]!.kill();
          killed.add(one.which);
          if (notified.delete(one.which)) notify();
          else unnotified.splice(unnotified.indexOf(one.which), 1);
        } else if (one.do === 'turn') await Promise.resolve();
        else if (one.do === 'idle') await idle();
      }
      await idle();
      assert.deepEqual(returned, notified);
      assert.deepEqual(condition.statistics(), { locked: false, waiting: 0, unnotified: unnotified.length });
      await condition.run(() => condition.notifyAll());
    }),
    { numRuns: rounds },
  );
});
