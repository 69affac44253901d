/** Pools and task groups in thousands of orders among what is ready, with kills wherever they may come. */

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Coroutine,
  type Greenlet,
  Greenlet as GreenletClass,
  Group,
  joinAll,
  Pool,
  PoolFull,
  sleep,
  spawn,
  TaskGroup,
} from 'heddle/coroutine';
import { explore } from 'heddle/testing';
import { forEver, turns } from '../pace.ts';

const RUNS = process.env['HEDDLE_LONG'] === '1' ? 5000 : 200;

/** Counts the greenlets that run in a pool, and checks its end. */
class Watched {
  readonly pool: Pool;
  running = 0;

  constructor(size: number) {
    this.pool = new Pool(size);
  }

  readonly run = function* (this: Watched, n: number): Coroutine<number> {
    this.running += 1;
    assert.ok(this.running <= this.pool.size!, 'more run than there is room for');
    try {
      yield* turns(n);
      return n;
    } finally {
      this.running -= 1;
    }
  }.bind(this);

  *end(): Coroutine<void> {
    assert.equal(yield* this.pool.join(), true);
    assert.deepEqual([this.running, this.pool.length, this.pool.waiting, this.pool.freeCount()], [0, 0, 0, this.pool.size]);
  }
}

test('a place is given once, also when waiters in line are killed, late, or discarded', async () => {
  await explore(
    function* () {
      const watched = new Watched(2);
      const { pool, run } = watched;
      const spawned = [1, 2, 3, 4].map((n) => pool.spawn(run, n));
      const late = new GreenletClass(run, 1);
      const others = [
        spawn(function* () {
          yield* spawned[2]!.kill();
        }),
        spawn(function* () {
          yield* turns(2);
          // Out of the line; one that runs would go on.
          if (!pool.has(spawned[3]!)) pool.discard(spawned[3]!);
        }),
        spawn(function* () {
          try {
            yield* pool.start(late, 0);
          } catch (error) {
            assert.ok(error instanceof PoolFull);
          }
        }),
        spawn(function* () {
          yield* pool.add(spawn(turns, 2));
        }),
        spawn(function* () {
          if (yield* pool.waitAvailable(0)) pool.spawn(run, 1);
        }),
        spawn(function* () {
          yield* pool.apply(run, [1]);
        }),
      ];
      yield* turns(1);
      void others[5]!.kill();
      void others[3]!.kill();
      yield* joinAll(others);
      yield* watched.end();
    },
    { runs: RUNS },
  );
});

test('a result is taken once, also when takers are killed or late', async () => {
  for (const method of ['imap', 'imapUnordered'] as const) {
    await explore(
      function* () {
        const watched = new Watched(2);
        const results = watched.pool[method](watched.run, [3, 0, 2, 1, 4], { maxSize: 3 });
        const taken: number[] = [];
        function* take(limit?: number): Coroutine<void> {
          for (;;) {
            const next = yield* results.next(limit);
            if (next.done === true) return;
            taken.push(next.value);
            yield* sleep();
          }
        }
        const takers = [spawn(take), spawn(take), spawn(take, 0)];
        takers[2]!.linkException(() => {});
        yield* turns(1);
        void takers[0]!.kill();
        yield* turns(1);
        void takers[1]!.kill();
        yield* joinAll(takers);
        yield* take();
        assert.deepEqual(
          taken.sort((a, b) => a - b),
          [0, 1, 2, 3, 4],
        );
        yield* watched.end();
      },
      { runs: RUNS },
    );
  }
});

test('an imap that is closed, or whose pool is killed, at any moment leaves nothing behind', async () => {
  for (const how of ['return', 'kill pool', 'kill taker'] as const) {
    await explore(
      function* () {
        const watched = new Watched(2);
        let isOpen = false;
        function* source(): Generator<number> {
          isOpen = true;
          try {
            for (let i = 0; ; i += 1) yield i % 3;
          } finally {
            isOpen = false;
          }
        }
        const taker = spawn(function* () {
          using results = watched.pool.imap(watched.run, source());
          for (let i = 0; i < 3; i += 1) yield* results.next();
          if (how === 'return') yield* results.return();
          else yield* forEver();
        });
        taker.linkException(() => {});
        yield* turns(2);
        if (how === 'kill pool') yield* watched.pool.kill();
        if (how !== 'return') yield* taker.kill();
        yield* taker.join();
        yield* watched.end();
        assert.equal(isOpen, false);
      },
      { runs: RUNS },
    );
  }
});

test('a map whose caller is killed at any moment leaves nothing behind, and two maps do not hinder each other', async () => {
  await explore(
    function* () {
      const watched = new Watched(2);
      const { pool, run } = watched;
      const killed = spawn(function* () {
        yield* pool.map(run, [1, 2, 3, 4]);
      });
      const other = spawn(function* () {
        return yield* pool.map(run, [3, 0, 1]);
      });
      yield* turns(2);
      yield* killed.kill();
      assert.deepEqual(yield* other, [3, 0, 1]);
      yield* watched.end();
    },
    { runs: RUNS },
  );
});

test('a kill of the group reaches greenlets that come or go meanwhile', async () => {
  await explore(
    function* () {
      const group = new Group();
      let living = 0;
      function* member(n: number): Coroutine<void> {
        living += 1;
        try {
          yield* turns(n);
          group.spawn(member, n + 1);
          yield* forEver();
        } finally {
          try {
            yield* turns(1);
          } finally {
            living -= 1;
          }
        }
      }
      group.spawn(member, 0);
      group.spawn(member, 1);
      const killer = spawn(function* () {
        yield* turns(2);
        yield* group.kill();
      });
      yield* turns(1);
      yield* joinAll([killer, spawn(() => group.kill())]);
      assert.deepEqual([living, group.length, group.dying.size], [0, 0, 0]);
    },
    { runs: RUNS },
  );
});

test('nothing outlives a task group, and no error is lost, in any order', async () => {
  await explore(
    function* () {
      let living = 0;
      const thrown: unknown[] = [];
      const counted = function* (body: () => Coroutine<void>): Coroutine<void> {
        living += 1;
        try {
          yield* body();
        } finally {
          living -= 1;
        }
      };
      const fail = (): never => {
        const error = new Error('planned');
        thrown.push(error);
        throw error;
      };
      const host = spawn(function* () {
        yield* TaskGroup.run(function* (group) {
          group.spawn(counted, function* () {
            yield* turns(1);
            group.spawn(counted, forEver);
            fail();
          });
          group.spawn(counted, function* () {
            try {
              yield* forEver();
            } finally {
              fail();
            }
          });
          group.spawn(counted, function* () {
            yield* turns(2);
            group.cancel();
          });
          yield* counted(forEver);
        });
      });
      const killer: Greenlet = spawn(function* () {
        yield* turns(2);
        yield* host.kill();
      });
      yield* joinAll([host, killer]);
      assert.equal(living, 0);
      const seen = host.exception instanceof AggregateError ? host.exception.errors : [host.exception].filter((one) => one !== undefined);
      if (thrown.length > 0) assert.deepEqual(seen, thrown);
    },
    { runs: RUNS },
  );
});
