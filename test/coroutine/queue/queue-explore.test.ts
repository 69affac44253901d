/** In whatever order greenlets go on: what was put is got once, also when some of them are killed. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Channel, joinAll, Queue, sleep, spawn } from 'heddle/coroutine';
import { explore } from 'heddle/testing';

const runs = process.env['HEDDLE_LONG'] === '1' ? 20_000 : 500;

for (const [name, make] of [
  ['Queue', () => new Queue<number>(1)],
  ['Channel', () => new Channel<number>()],
] as const) {
  test(`${name}: an item comes once, in any order of ready greenlets`, async () => {
    await explore(
      function* () {
        const queue = make();
        const got: number[] = [];
        const put: number[] = [];
        const getters = Array.from({ length: 3 }, () =>
          spawn(function* () {
            for (let n = yield* queue.next(); !n.done; n = yield* queue.next()) got.push(n.value);
          }),
        );
        const putters = [10, 20].map((first) =>
          spawn(function* () {
            for (const item of [first, first + 1, first + 2]) {
              yield* queue.put(item);
              put.push(item);
            }
          }),
        );
        for (const victim of [getters[0]!, getters[1]!, putters[0]!]) {
          spawn(function* () {
            yield* sleep(0);
            void victim.kill();
          });
        }
        yield* joinAll(putters);
        queue.close();
        yield* joinAll(getters);
        // An item that comes back after the end is there, though the other getters were told of the end.
        while (!queue.empty()) got.push(queue.getNowait());
        assert.equal(new Set(got).size, got.length, `got ${got.join()}`);
        assert.deepEqual(
          put.filter((item) => !got.includes(item)),
          [],
        );
        // One item may be in although its putter was killed before it knew.
        assert.ok(got.length - put.length <= 1);
      },
      { runs },
    );
  });

  test(`${name}: a timeout takes no item, in any order of ready greenlets`, async () => {
    await explore(
      function* (time) {
        const queue = make();
        const getter = spawn(function* () {
          for (let tries = 0; ; tries += 1) {
            try {
              return yield* queue.get(10);
            } catch {
              assert.ok(tries < 3);
            }
          }
        });
        const putter = spawn(function* () {
          yield* sleep(20);
          yield* queue.put(1, 10);
          return time.now();
        });
        assert.deepEqual([yield* getter, yield* putter], [1, 20]);
      },
      { runs },
    );
  });
}
