/** Random calls, kills, time-outs and ends of a channel: what its model says happens, and a put is over exactly when its item was seen. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Channel, type Greenlet, spawn } from '#src/coroutine/index.js';
import { readyCount, replaceClock } from '#src/loop/index.js';
import { ManualClock } from '#src/testing/run/manual-clock.js';

const isLong = process.env['HEDDLE_LONG'] === '1';

type Kind = 'get' | 'next' | 'put';

/** One that makes a call. A putter is `handed` while its item is with a getter that has not seen it. */
class Caller {
  readonly kind: Kind;
  readonly timeout: number | undefined;
  /** The item of a putter, which is its place in line, too. */
  item: number;
  state: 'new' | 'waits' | 'handed' | 'unseen' | 'over' = 'new';
  outcome: unknown = undefined;
  isKilled = false;
  isLate = false;
  deadline = Infinity;
  /** Of a getter: whose item it has. */
  from: Caller | undefined = undefined;
  real: { greenlet: Greenlet; outcome: unknown } | undefined = undefined;

  constructor(kind: Kind, timeout: number | undefined, item: number) {
    this.kind = kind;
    this.timeout = timeout;
    this.item = item;
  }

  end(outcome: unknown): void {
    this.outcome = outcome;
    this.state = 'unseen';
  }
}

class Model {
  getters: Caller[] = [];
  putters: Caller[] = [];
  callers: Caller[] = [];
  isShutDown = false;
  #time = 0;
  #puts = 0;

  begin(caller: Caller): void {
    caller.state = 'waits';
    caller.deadline = this.#time + (caller.timeout ?? Infinity);
    if (this.isShutDown) caller.end(caller.kind === 'next' ? 'done' : 'ShutDown');
    else if (caller.kind === 'put') {
      caller.item = this.#puts;
      this.#puts += 1;
      this.#offer(caller);
    } else {
      this.getters.push(caller);
      this.#meet();
    }
  }

  #offer(putter: Caller): void {
    putter.state = 'waits';
    this.putters.push(putter);
    this.putters.sort((a, b) => a.item - b.item);
    this.#meet();
  }

  #meet(): void {
    while (this.getters.length > 0 && this.putters.length > 0) {
      const [getter, putter] = [this.getters.shift()!, this.putters.shift()!];
      getter.from = putter;
      getter.end(putter.item);
      putter.state = 'handed';
    }
  }

  getNowait(): number | undefined {
    const putter = this.putters.shift();
    putter?.end('put');
    return putter?.item;
  }

  /** The caller has resumed. */
  see(caller: Caller): void {
    caller.state = 'over';
    if (caller.from?.state === 'handed') caller.from.end('put');
  }

  kill(caller: Caller): void {
    if (caller.state === 'over' || caller.isKilled) return;
    const { state, from } = caller;
    caller.isKilled = true;
    this.#leave(caller);
    caller.end(state === 'new' ? undefined : 'GreenletExit');
    caller.from = undefined;
    if (from?.state !== 'handed') return;
    if (from.isLate) from.end('Full');
    else if (this.isShutDown) from.end('ShutDown');
    else this.#offer(from);
  }

  #leave(caller: Caller): void {
    this.getters = this.getters.filter((other) => other !== caller);
    this.putters = this.putters.filter((other) => other !== caller);
  }

  #expire(caller: Caller): void {
    this.#leave(caller);
    caller.end(caller.kind === 'put' ? 'Full' : 'Empty');
  }

  passTime(ms: number): void {
    this.#time += ms;
    for (const caller of this.callers) {
      if (caller.deadline > this.#time) continue;
      if (caller.state === 'waits') this.#expire(caller);
      else if (caller.state === 'handed') caller.isLate = true;
    }
  }

  shutdown(): void {
    this.isShutDown = true;
    for (const putter of this.putters.splice(0)) putter.end('ShutDown');
    for (const getter of this.getters.splice(0)) getter.end(getter.kind === 'next' ? 'done' : 'ShutDown');
  }
}

/** Actions without a wait. */
type Act = { readonly act: 'getNowait' | 'put' | 'shutdown' } | { readonly kill: number } | { readonly passTime: number };
type Command = { readonly spawn: Kind; readonly timeout: number | undefined } | { readonly spawn: Act } | { readonly flush: true } | Act;

const act = fc.oneof(
  { weight: 12, arbitrary: fc.record({ act: fc.constantFrom('put', 'put', 'put', 'getNowait') }) },
  { weight: 16, arbitrary: fc.record({ kill: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ passTime: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('shutdown') }) },
);
const timeout = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 1 });
const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ spawn: fc.constantFrom('get', 'get', 'next', 'put', 'put'), timeout }) },
  { weight: 2, arbitrary: fc.record({ spawn: act }) },
  { weight: 2, arbitrary: fc.record({ flush: fc.constant(true) }) },
  { weight: 5, arbitrary: act },
) as fc.Arbitrary<Command>;

/** Tells a channel and its model the same. */
async function follow(commands: readonly Command[], clock: ManualClock): Promise<void> {
  const channel = new Channel<Caller>();
  const model = new Model();
  const failures: unknown[] = [];
  const add = (kind: Kind, timeout: number | undefined): Caller => {
    const caller = new Caller(kind, timeout, -1);
    model.callers.push(caller);
    return caller;
  };
  const call = function* (caller: Caller): Generator<any, unknown> {
    if (caller.kind === 'get') return yield* channel.get(caller.timeout);
    if (caller.kind === 'put') {
      yield* channel.put(caller, { timeout: caller.timeout });
      return 'put';
    }
    const { done, value } = yield* channel.next();
    return done === true ? 'done' : value;
  };
  const start = (caller: Caller): void => {
    const greenlet = spawn(function* () {
      try {
        model.begin(caller);
        real.outcome = yield* call(caller);
      } catch (error) {
        real.outcome = (error as Error).name;
      }
      model.see(caller);
    });
    const real = { greenlet, outcome: undefined as unknown };
    caller.real = real;
  };
  const flush = async (): Promise<void> => {
    do await new Promise((resolve) => setImmediate(resolve));
    while (readyCount() > 0);
    if (failures.length > 0) throw failures[0];
    // No item is between two callers.
    const isBetween = ({ state, real }: Caller): boolean => state === 'handed' || (state === 'unseen' && real?.greenlet.dead === false);
    assert.equal(model.callers.filter(isBetween).length, 0);
    compare();
  };
  const compare = (): void => {
    assert.equal(channel.balance, model.putters.length - model.getters.length);
    for (const { real, state, outcome } of model.callers) {
      if (real === undefined) continue;
      const was = real.outcome instanceof Caller ? real.outcome.item : real.outcome;
      assert.equal(was, state === 'over' ? outcome : undefined);
    }
  };
  const kill = (caller: Caller | undefined): void => {
    if (caller === undefined) return;
    void caller.real!.greenlet.kill();
    model.kill(caller);
  };
  const perform = (one: Act): void => {
    if ('kill' in one) kill(model.callers.filter(({ state, real }) => state !== 'over' && real !== undefined)[one.kill]);
    else if ('passTime' in one) {
      const end = clock.now() + one.passTime;
      do clock.moveTo(end);
      while (clock.now() < end);
      model.passTime(one.passTime);
    } else if (one.act === 'put') {
      const caller = add('put', undefined);
      model.begin(caller);
      channel.put(caller).catch(() => {});
    } else if (one.act === 'shutdown') {
      channel.shutdown();
      model.shutdown();
    } else {
      const item = model.getNowait();
      if (item === undefined) assert.throws(() => channel.getNowait());
      else assert.equal(channel.getNowait().item, item);
    }
    compare();
  };
  for (const one of commands) {
    if ('flush' in one) await flush();
    else if (!('spawn' in one)) perform(one);
    else if (typeof one.spawn === 'string') start(add(one.spawn, one.spawn === 'next' ? undefined : one.timeout));
    else {
      const { spawn: later } = one;
      spawn(() => perform(later)).link(({ exception }) => exception !== undefined && failures.push(exception));
    }
  }
  await flush();
  for (const caller of model.callers) if (caller.real !== undefined) kill(caller);
  await flush();
  channel.close();
}

test('random calls behave as the model', async () => {
  const property = fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 60, size: 'max' }), async (commands) => {
    const clock = new ManualClock();
    const before = replaceClock(clock);
    try {
      await follow(commands, clock);
    } finally {
      replaceClock(before);
    }
  });
  await fc.assert(property, { numRuns: isLong ? 50_000 : 800 });
});
