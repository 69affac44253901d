/** The state of objects that greenlets wait for, in `String()` and in `console.log`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  BoundedSemaphore,
  Condition,
  Event,
  getCurrent,
  Group,
  Local,
  Pool,
  RLock,
  Semaphore,
  sleep,
  spawn,
  TaskGroup,
} from 'heddle/coroutine';

function textOf(shown: { readonly toString: () => string }): string {
  const text = shown.toString();
  assert.equal(inspect(shown), text);
  return text;
}

test('a bounded semaphore shows its bound', () => {
  const semaphore = new BoundedSemaphore(2);
  assert.equal(textOf(semaphore), '<BoundedSemaphore with 2 of 2 free>');
  semaphore.tryAcquire();
  assert.equal(textOf(semaphore), '<BoundedSemaphore with 1 of 2 free>');
  semaphore.tryAcquire();
  assert.equal(textOf(semaphore), `<BoundedSemaphore with none of 2 free, the last taken by ${getCurrent().name}>`);
  assert.equal(textOf(new Semaphore(2)), '<Semaphore with 2 free>');
});

test('a condition shows that it is one, whether its lock is taken, and how many wait for a notification', async () => {
  const condition = new Condition(new RLock());
  assert.equal(textOf(condition), '<Condition with RLock unlocked>');
  const g = spawn(function* () {
    yield* condition.acquire();
    yield* condition.wait();
    condition.release();
  });
  await sleep(0);
  assert.equal(textOf(condition), '<Condition with RLock unlocked, 1 to be notified>');
  condition.tryAcquire();
  condition.notify();
  assert.equal(textOf(condition), `<Condition with RLock held by ${getCurrent().name}, 1 waiting>`);
  condition.release();
  await g;
});

test('a group and a pool show how many greenlets they have, and how many stand in line', async () => {
  const go = new Event();
  const [group, pool] = [new Group(), new Pool(1)];
  assert.equal(textOf(group), '<Group with 0 greenlets>');
  for (const each of [group, pool]) for (let i = 0; i < 2; i += 1) each.spawn(() => go.wait());
  assert.equal(textOf(group), '<Group with 2 greenlets>');
  assert.equal(textOf(pool), '<Pool with 1 of 1 greenlets, 1 in line>');
  go.set();
  await Promise.all([group.join(), pool.join()]);
  assert.equal(textOf(pool), '<Pool with 0 of 1 greenlets>');
});

test('a task group shows how many greenlets it has, and when it is over', async () => {
  const group = new TaskGroup();
  group.spawn(() => sleep(1));
  assert.equal(textOf(group), '<TaskGroup with 1 greenlets>');
  await group.join();
  assert.equal(textOf(group), '<TaskGroup with 0 greenlets, over>');
});

test('a Local shows the fields of the greenlet that looks', async () => {
  class Request extends Local {
    declare id: number;
    constructor() {
      super();
      this.id = 0;
    }
  }
  const [plain, made, request] = [new Local<{ x?: number }>(), new Local(() => ({ list: [1] })), new Request()];
  plain.x = 1;
  const shown = (): string[] => [plain, made, request].map((one) => inspect(one));
  assert.deepEqual(shown(), ['<Local { x: 1 }>', '<Local { list: [ 1 ] }>', '<Request { id: 0 }>']);
  assert.deepEqual(await spawn(shown), ['<Local {}>', '<Local { list: [ 1 ] }>', '<Request { id: 0 }>']);
});

test('a prototype is shown as any object is, and not by an error', () => {
  for (const Class of [Event, Semaphore, Group, TaskGroup, Condition]) assert.equal(typeof inspect(Class.prototype), 'string');
});
