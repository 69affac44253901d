/** Queues beside `Process` and `Thread`: nothing of them needs an event loop, or a process that lives on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Process, Queue, SerializationError, Thread } from 'heddle';

const isNative = process.env['HEDDLE_PLATFORM'] !== 'none';

for (const Class of isNative ? [Process, Thread] : [Thread]) {
  test(`${Class.name}: start() may be followed by getSync(), while the event loop stands still`, async () => {
    const queue = new Queue<string>();
    const started = new Class({
      target: (): void => {
        queue.putSync('hello');
      },
    }).start();
    assert.equal(queue.getSync(), 'hello');
    await started.join();
  });
}

test('a child may be joined before its queue is drained, and what it had put is there after process.exit()', {
  skip: isNative ? false : 'needs processes',
}, () => {
  const queue = new Queue<string>();
  const text = 'x'.repeat(1000);
  const child = new Process({
    target: (): void => {
      for (let n = 0; n < 1000; n += 1) queue.putSync(`${n} ${text}`);
      process.exit(3);
    },
  }).start();
  assert.equal(child.joinSync(), true);
  assert.equal(child.exitCode, 3);
  assert.equal(queue.qsize(), 1000);
  for (let n = 0; n < 1000; n += 1) assert.equal(queue.getSync(), `${n} ${text}`);
});

test('without native calls a queue is refused to a process, by path', { skip: isNative ? 'native calls are there' : false }, () => {
  const queue = new Queue<number>();
  assert.throws(
    () => new Process({ target: (given: { readonly queue: Queue<number> }) => given.queue.getSync(), args: [{ queue }] }).start(),
    (error) => error instanceof SerializationError && error.message.includes('args[0].queue'),
  );
});
