/** Random calls of many greenlets, kills, time-outs and ends: a queue does what its model does, and no item is lost or comes twice. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Coroutine, type Greenlet, LifoQueue, PriorityQueue, Queue, spawn } from '#src/coroutine/index.js';
import { readyCount, replaceClock } from '#src/loop/index.js';
import { ManualClock } from '#src/testing/run/manual-clock.js';
import { type Call, type Caller, type Item, Model, type Order } from './queue-model.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

type Command =
  | { readonly spawn: 'get' | 'peek' | 'next' | 'join' | 'put'; readonly timeout: number | undefined }
  | { readonly spawn: 'getMany' | 'putMany'; readonly count: number; readonly timeout: number | undefined }
  | { readonly act: 'flush' }
  | { readonly act: 'putNowait' | 'getNowait' | 'taskDone' | 'shutdown' | 'shutdown at once' }
  | { readonly kill: number }
  | { readonly passTime: number };

const timeout = fc.option(fc.nat(3), { nil: undefined, freq: 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ spawn: fc.constantFrom('get', 'get', 'get', 'peek', 'next', 'put', 'put', 'join'), timeout }) },
  { weight: 8, arbitrary: fc.record({ spawn: fc.constantFrom('getMany', 'putMany'), count: fc.integer({ min: 1, max: 5 }), timeout }) },
  { weight: 12, arbitrary: fc.record({ act: fc.constant('flush') }) },
  { weight: 20, arbitrary: fc.record({ act: fc.constantFrom('putNowait', 'putNowait', 'putNowait', 'getNowait', 'taskDone') }) },
  { weight: 20, arbitrary: fc.record({ kill: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ passTime: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('shutdown', 'shutdown at once') }) },
);

const kinds: [new (maxSize: number) => Queue<any>, Order][] = [
  [Queue, (a, b) => a.arrival - b.arrival],
  [LifoQueue, (a, b) => b.arrival - a.arrival],
  [PriorityQueue, (a, b) => a.item[0] - b.item[0] || a.arrival - b.arrival],
];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A queue and its model, which are told the same. */
class Pair {
  readonly queue: Queue<Item>;
  readonly model: Model;
  readonly clock = new ManualClock();
  readonly callers: { greenlet: Greenlet; outcome: unknown; model: Caller }[] = [];
  /** The items that were seen outside of the queue. */
  readonly seen: Item[] = [];
  #count = 0;

  constructor(queue: Queue<Item>, model: Model) {
    this.queue = queue;
    this.model = model;
  }

  #item(): Item {
    this.#count += 1;
    return [(this.#count * 7) % 3, this.#count];
  }

  #items(count: number): Item[] {
    return Array.from({ length: count }, () => this.#item());
  }

  /** All but a flush happens at once, so that no caller resumes in between. */
  do(command: Exclude<Command, { act: 'flush' }>): void {
    if ('spawn' in command) this.#spawn(command);
    else if ('kill' in command) this.#kill(command.kill);
    else if ('passTime' in command) this.#passTime(command.passTime);
    else this.#act(command.act);
    this.compare();
  }

  #spawn(command: Extract<Command, { spawn: string }>): void {
    const { timeout } = command;
    let call: Call;
    if (command.spawn === 'getMany') call = { do: 'getMany', max: command.count, timeout };
    else if (command.spawn === 'putMany') call = { do: 'putMany', items: this.#items(command.count), timeout };
    else if (command.spawn === 'put') call = { do: 'put', items: this.#items(1), timeout };
    else call = { do: command.spawn, timeout: command.spawn === 'next' ? undefined : timeout };
    const { queue } = this;
    const greenlet = spawn(function* () {
      try {
        caller.outcome = yield* make(queue, call);
      } catch (error) {
        caller.outcome = (error as Error).name;
        if (caller.outcome === 'GreenletExit') throw error;
      }
    });
    const caller = { greenlet, outcome: undefined as unknown, model: this.model.add(call) };
    this.callers.push(caller);
  }

  /** Of those that may not be over yet. */
  #kill(which: number): void {
    const alive = this.callers.filter(({ model }) => model.state !== 'over');
    const caller = alive[which];
    if (caller === undefined) return;
    void caller.greenlet.kill();
    this.model.kill(caller.model);
  }

  #passTime(ms: number): void {
    const { clock } = this;
    const end = clock.now() + ms;
    do clock.moveTo(end);
    while (clock.now() < end);
    this.model.passTime(ms);
  }

  #act(act: 'putNowait' | 'getNowait' | 'taskDone' | 'shutdown' | 'shutdown at once'): void {
    const { queue, model } = this;
    if (act === 'putNowait') {
      const item = this.#item();
      assert.equal(
        succeeds(() => queue.putNowait(item)),
        model.putNowait(item),
      );
    } else if (act === 'getNowait') {
      const item = model.getNowait();
      if (item === undefined) assert.throws(() => queue.getNowait());
      else {
        assert.equal(queue.getNowait(), item);
        this.seen.push(item);
      }
    } else if (act === 'taskDone')
      assert.equal(
        succeeds(() => queue.taskDone()),
        model.taskDone(),
      );
    else {
      queue.shutdown({ immediate: act === 'shutdown at once' });
      model.shutdown(act === 'shutdown at once');
    }
  }

  async flush(): Promise<void> {
    do await turn();
    while (readyCount() > 0);
    this.model.flush();
    this.compare();
  }

  compare(): void {
    const { queue, model } = this;
    assert.deepEqual(queue.statistics(), {
      size: model.items.length,
      maxSize: model.maxSize,
      waitingGetters: model.getters.length,
      waitingPutters: model.putters.length,
      puts: model.puts,
      gets: model.puts - model.items.length,
      unfinishedTasks: model.unfinished,
      waitingJoiners: model.joiners.length,
    });
    assert.equal(queue.full(), model.maxSize > 0 && model.items.length >= model.maxSize);
    for (const { outcome, model: caller } of this.callers)
      assert.deepEqual(outcome, caller.state === 'over' ? caller.outcome : undefined, caller.call.do);
  }

  /** The items that came out and those that are left are those that went in, unless the queue was cleared. */
  async finish(wasCleared: boolean): Promise<void> {
    await this.flush();
    for (const { greenlet, model } of this.callers) {
      void greenlet.kill();
      this.model.kill(model);
    }
    await this.flush();
    const out = [...this.seen];
    for (const { model } of this.callers) out.push(...model.taken.map(({ item }) => item));
    while (!this.queue.empty()) {
      const item = this.queue.getNowait();
      assert.equal(item, this.model.getNowait());
      out.push(item);
    }
    assert.equal(new Set(out.map(([, id]) => id)).size, out.length);
    if (!wasCleared) assert.equal(out.length, this.model.puts);
  }
}

function succeeds(call: () => void): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

/** As the model says it: a list of items, `put`, `done`, or a boolean. */
function* make(queue: Queue<Item>, call: Call): Coroutine<unknown> {
  switch (call.do) {
    case 'get':
      return [yield* queue.get(call.timeout)];
    case 'peek':
      return [yield* queue.peek({ timeout: call.timeout })];
    case 'next': {
      const { done, value } = yield* queue.next();
      return done === true ? 'done' : [value];
    }
    case 'getMany':
      return yield* queue.getMany(call.max, call.timeout);
    case 'put':
      yield* queue.put(call.items[0]!, call.timeout);
      return 'put';
    case 'putMany':
      yield* queue.putMany(call.items, call.timeout);
      return 'put';
    case 'join':
      return yield* queue.join(call.timeout);
    default:
      throw new TypeError(String(call));
  }
}

for (const [Kind, order] of kinds) {
  test(`${Kind.name}: random calls behave as the model`, async () => {
    const property = fc.asyncProperty(
      fc.nat(3),
      fc.array(command, { minLength: 10, maxLength: 60, size: 'max' }),
      async (maxSize, commands) => {
        const pair = new Pair(new Kind(maxSize), new Model(maxSize, order));
        const before = replaceClock(pair.clock);
        try {
          for (const one of commands) {
            if ('act' in one && one.act === 'flush') await pair.flush();
            else pair.do(one);
          }
          await pair.finish(commands.some((one) => 'act' in one && one.act === 'shutdown at once'));
        } finally {
          replaceClock(before);
        }
      },
    );
    await fc.assert(property, { numRuns: isLong ? 30_000 : 300 });
  });
}
