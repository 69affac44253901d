/**
 * Random programs of queues and of locks, each in many orders of its steps: some actors are generators, some async functions; they wait with
 * and without time-outs and signals, and are killed at any time. At the end the books must balance.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Empty, Full, ShutDown } from 'heddle';
import {
  BoundedSemaphore,
  Channel,
  Condition,
  type Coroutine,
  GreenletExit,
  joinAll,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  RLock,
  Semaphore,
  SimpleQueue,
  sleep,
  spawn,
  spawnLater,
  type WaitOptions,
} from 'heddle/coroutine';
import { explore } from 'heddle/testing';
import { type Body, kinds } from './both-kinds.js';

const [PROGRAMS, RUNS] = process.env['HEDDLE_LONG'] === '1' ? [1000, 60] : [40, 25];

interface Act {
  readonly verb: number;
  readonly limit: 'none' | 'timeout' | 'signal';
  readonly ms: number;
}

interface Program {
  readonly shared: number;
  readonly actors: readonly { readonly isAsync: boolean; readonly acts: readonly Act[] }[];
  readonly kills: readonly { readonly whom: number; readonly after: number }[];
}

const act = fc.record<Act>({ verb: fc.nat(9), limit: fc.constantFrom('none', 'timeout', 'signal'), ms: fc.nat(3) });
const programs = fc.record<Program>({
  shared: fc.nat(9),
  actors: fc.array(fc.record({ isAsync: fc.boolean(), acts: fc.array(act, { minLength: 1, maxLength: 4 }) }), {
    minLength: 2,
    maxLength: 5,
  }),
  kills: fc.array(fc.record({ whom: fc.nat(9), after: fc.nat(5) }), { maxLength: 3 }),
});

function optionsOf({ limit, ms }: Act): WaitOptions {
  if (limit === 'none') return {};
  if (limit === 'timeout') return { timeout: ms };
  const controller = new AbortController();
  spawnLater(ms, () => controller.abort(new Error('aborted')));
  return { signal: controller.signal };
}

function isExpected(error: unknown): boolean {
  if (error instanceof Empty || error instanceof Full || error instanceof ShutDown) return true;
  return error instanceof Error && /aborted|less time/.test(error.message);
}

/** Acts of all actors, and the kills; late all that still wait are killed as well. */
function* perform({ actors, kills }: Program, doAct: (act: Act, who: number) => Body<void>, meanwhile?: () => void): Coroutine<void> {
  const busy = new Set<number>();
  const all = actors.map(({ isAsync, acts }, who) =>
    kinds[isAsync ? 1 : 0]!.start(function* () {
      busy.add(who);
      try {
        for (const one of acts) {
          try {
            yield* doAct(one, who);
          } catch (error) {
            if (!isExpected(error)) throw error;
          }
        }
      } finally {
        busy.delete(who);
      }
    }),
  );
  for (const { whom, after } of kills) {
    spawn(function* () {
      for (let i = 0; i < after; i += 1) yield* sleep(i % 2);
      all[whom % all.length]!.kill();
    });
  }
  yield* sleep(50);
  meanwhile?.();
  for (const one of all) one.kill();
  yield* joinAll(all, { raiseError: true });
  // An async function may have something to do after its greenlet's end.
  while (busy.size > 0) yield* sleep(1);
}

const queues = [
  () => new Queue<number>(1),
  () => new Queue<number>(2),
  () => new LifoQueue<number>(1),
  () => new PriorityQueue<number>(1),
  () => new SimpleQueue<number>(),
  () => new Channel<number>(),
];

function* queueProgram(program: Program): Coroutine<void> {
  const queue = queues[program.shared % queues.length]!();
  let items = 0;
  const put: number[] = [];
  const got: number[] = [];
  const refused: number[] = [];
  function* doAct(one: Act): Body<void> {
    const options = optionsOf(one);
    if (one.verb < 4) {
      const item = items++;
      try {
        yield queue.put(item, options);
        put.push(item);
      } catch (error) {
        // A killed putter may have put it all the same.
        if (!(error instanceof GreenletExit)) refused.push(item);
        throw error;
      }
    } else if (one.verb < 8) got.push((yield queue.get(options)) as number);
    else if (one.verb === 8) {
      const step = (yield queue.next()) as IteratorResult<number, undefined>;
      if (step.done !== true) got.push(step.value);
    } else yield sleep(one.ms);
  }
  yield* perform(program, doAct, () => {
    const { waitingGetters, waitingPutters } = queue.statistics();
    if (queue instanceof Channel) assert.ok(waitingGetters === 0 || waitingPutters === 0, 'a getter and a putter wait for each other');
    else {
      assert.ok(waitingGetters === 0 || queue.qsize() === 0, 'a getter waits beside an item');
      assert.ok(waitingPutters === 0 || queue.full(), 'a putter waits beside room');
    }
  });
  while (!queue.empty()) got.push(queue.getNowait());
  const { waitingGetters, waitingPutters } = queue.statistics();
  assert.deepEqual([waitingGetters, waitingPutters], [0, 0], 'a gone greenlet waits');
  assert.equal(new Set(got).size, got.length, `had twice: ${got.join()}`);
  for (const item of put) assert.ok(got.includes(item), `${item} was put and is lost: ${got.join()}`);
  for (const item of refused) assert.ok(!got.includes(item), `${item} was refused, and is there: ${got.join()}`);
}

const locks = [
  () => new Lock(),
  () => new RLock(),
  () => new Semaphore(2),
  () => new BoundedSemaphore(1),
  () => new Condition(),
  () => new Condition(new RLock()),
];

function* lockProgram(program: Program): Coroutine<void> {
  const lock = locks[program.shared % locks.length]!();
  const most = lock instanceof Semaphore && !(lock instanceof BoundedSemaphore) ? 2 : 1;
  const inside: number[] = [];
  /** Is in, until it is disposed. */
  function enter(who: number): Disposable {
    assert.ok(inside.length < most, `${who} is in beside ${inside.join()}`);
    inside.push(who);
    return { [Symbol.dispose]: () => void inside.splice(inside.indexOf(who), 1) };
  }
  function* stay(who: number, ms: number): Body<void> {
    using _ = enter(who);
    yield sleep(ms);
  }
  function* doAct(one: Act, who: number): Body<void> {
    const options = optionsOf(one);
    if (one.verb < 4) {
      if ((yield lock.acquire(options)) === false) return;
      try {
        yield* stay(who, one.ms);
        if (!(lock instanceof Condition)) return;
        if (one.verb === 0) yield lock.wait(10);
        else lock.notify(one.verb);
        yield* stay(who, one.ms);
      } finally {
        lock.release();
      }
    } else if (one.verb < 6) {
      const guard = (yield lock.hold(options)) as Disposable;
      try {
        yield* stay(who, one.ms);
      } finally {
        guard[Symbol.dispose]();
      }
    } else if (one.verb < 8) {
      yield lock.run(function* () {
        using _ = enter(who);
        yield* sleep(one.ms);
      }, options);
    } else yield sleep(one.ms);
  }
  yield* perform(program, doAct);
  assert.equal(lock.statistics().waiting, 0, 'a gone greenlet waits');
  assert.equal(lock.locked(), false, 'a permit is lost');
  if (lock instanceof Semaphore) assert.equal(lock.getValue(), most);
}

for (const [name, body] of [
  ['queues give each item once, and leave no waiter behind', queueProgram],
  ['locks keep their limits, survive their greenlets, and leave no waiter behind', lockProgram],
] as const) {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.boolean(), fc.nat(), async (program, slowSteps, seed) => {
        await explore(() => body(program), { runs: RUNS, seed, slowSteps });
      }),
      { numRuns: PROGRAMS },
    );
  });
}
