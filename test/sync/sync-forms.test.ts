/** The Sync forms of all waiting calls take `number | { timeout }`, and name the promise form where a signal is given. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Deque,
  Event,
  LifoQueue,
  Lock,
  Pipe,
  PriorityQueue,
  Process,
  Queue,
  RLock,
  Semaphore,
  SharedArray,
  SimpleQueue,
  Thread,
  Value,
} from 'heddle';
import { Word } from 'heddle/lowlevel';

const condition = new Condition(new Lock());
condition.acquireSync();
const value = new Value('i', 1);
const array = new SharedArray('i', [1]);
const queues = [new Queue(), new LifoQueue(), new PriorityQueue()];
const simple = new SimpleQueue();
const deque = new Deque();
const [end, other] = Pipe();
const thread = new Thread({ target: () => {} });
const process = new Process({ target: () => {} });
thread.start();
process.start();
after(() => {
  condition.release();
  end.close();
  other.close();
});

type Options = number | { readonly timeout?: number };

/** Each Sync form, the promise form that its error must name, and whether it can be called with a short timeout here. */
const forms: readonly (readonly [name: string, promiseForm: string, call: (options?: Options) => unknown])[] = [
  ...[new Lock(), new RLock(), new Semaphore(), new BoundedSemaphore()].flatMap((lock) => {
    const { name } = lock.constructor;
    return [
      [`${name}.acquireSync`, 'acquire()', (options?: Options) => lock.acquireSync(options) && lock.release()],
      [`${name}.holdSync`, 'hold()', (options?: Options) => lock.holdSync(options)[Symbol.dispose]()],
    ] as const;
  }),
  ['Event.waitSync', 'wait()', (options) => new Event().waitSync(options)],
  ['Condition.waitSync', 'wait()', (options) => condition.waitSync(options)],
  ['Condition.waitForSync', 'waitFor()', (options) => condition.waitForSync(() => false, options)],
  ['Barrier.waitSync', 'wait()', (options) => new Barrier(1).waitSync(options)],
  ['Value.updateSync', 'update()', (options) => value.updateSync((now) => now + 1, options)],
  ['SharedArray.updateSync', 'update()', (options) => array.updateSync(0, (now) => now + 1, options)],
  ...queues.flatMap((queue) => {
    const { name } = queue.constructor;
    return [
      [`${name}.putSync`, 'put()', (options?: Options) => queue.putSync(1, options)],
      [`${name}.getSync`, 'get()', (options?: Options) => queue.getSync(options)],
    ] as const;
  }),
  ['Queue.joinSync', 'join()', (options) => new Queue().joinSync(options)],
  ['SimpleQueue.getSync', 'get()', (options) => (simple.putSync(1), simple.getSync(options))],
  ['Deque.popSync', 'pop()', (options) => (deque.appendSync(1), deque.popSync(options))],
  ['Connection.recvSync', 'recv()', (options) => (end.sendSync(1), other.recvSync(options))],
  ['Connection.pollSync', 'poll()', (options) => end.pollSync(options)],
  ['Word.wait', 'waitAsync()', (options) => new Word(1).wait(0, options)],
  ['Thread.joinSync', 'join()', (options) => thread.joinSync(options)],
  ['Process.joinSync', 'join()', (options) => process.joinSync(options)],
];

for (const [name, promiseForm, call] of forms) {
  test(`${name} takes milliseconds or { timeout }, and names ${promiseForm} where it is given a signal`, () => {
    for (const signal of [new AbortController().signal, AbortSignal.abort()])
      assert.throws(
        () => call({ signal } as Options),
        new TypeError(`expected no signal, as a blocked thread cannot hear one: use ${promiseForm} for a wait that can be aborted`),
      );
    for (const options of ['1', true, { wait: 1 }]) assert.throws(() => call(options as Options), TypeError);
    for (const timeout of [-1, NaN, 'long' as never]) assert.throws(() => call({ timeout }), RangeError);
    call({ timeout: 1000 });
    call(1000);
  });
}
