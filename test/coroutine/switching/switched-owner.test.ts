/** Each greenlet is an owner of its own of `Local` fields and locks: also those that are switched to by hand, wherever that is done. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidStateError, RLock as SharedRLock } from 'heddle';
import { Condition, getcurrent, getCurrent, greenlet, Local, Lock, RLock, settrace, sleep, spawn, Timeout } from 'heddle/coroutine';

/** Runs a function in the main program and inside of a greenlet of `spawn`. */
async function everywhere(body: (where: string) => void): Promise<void> {
  body('main');
  await spawn(() => body('generator'));
  await spawn(async () => {
    await sleep(0);
    body('async');
  });
}

test('the fields of a Local are apart for a greenlet and what switches to it, and stay with it', () =>
  everywhere((where) => {
    const local = new Local<{ name?: string }>();
    local.name = where;
    const main = getcurrent();
    const body = function* (): Generator<any, unknown> {
      const before = local.name;
      local.name = `of a greenlet in ${where}`;
      yield* main.switch(before);
      return local.name;
    };
    const [a, b] = [greenlet(body), greenlet(body)];
    assert.equal(a.switch(), undefined);
    assert.equal(local.name, where);
    assert.equal(b.switch(), undefined);
    assert.equal(a.switch(), `of a greenlet in ${where}`);
    assert.equal(local.name, where);
  }));

test('the constructor of a subclass of Local runs for each greenlet that is switched to', () => {
  let made = 0;
  class Counter extends Local {
    declare count: number;
    constructor() {
      super();
      made += 1;
      this.count = made;
    }
  }
  const counter = new Counter() as { count: number };
  assert.deepEqual([counter.count, greenlet(() => counter.count).switch(), counter.count], [1, 2, 1]);
});

for (const [name, RLockClass] of [
  ['RLock', RLock],
  ['RLock of heddle', SharedRLock],
] as const) {
  test(`${name}: a greenlet does not re-enter what its switcher holds, nor the other way round`, () =>
    everywhere(() => {
      const lock = new RLockClass();
      const main = getcurrent();
      const g = greenlet(function* () {
        const taken: boolean[] = [lock.tryAcquire()];
        assert.throws(() => lock.release(), InvalidStateError);
        yield* main.switch();
        taken.push(lock.tryAcquire(), lock.tryAcquire());
        yield* main.switch();
        lock.release();
        lock.release();
        return taken;
      });
      assert.equal(lock.tryAcquire(), true);
      g.switch();
      lock.release();
      g.switch();
      assert.equal(lock.tryAcquire(), false, 'the greenlet holds it');
      assert.throws(() => lock.release(), InvalidStateError);
      assert.deepEqual(g.switch(), [false, true, true]);
      assert.equal(lock.locked(), false);
    }));

  test(`${name}: a greenlet that is disposed of gives back in its finally what it holds`, () => {
    const lock = new RLockClass();
    const main = getcurrent();
    const g = greenlet(function* () {
      lock.tryAcquire();
      try {
        yield* main.switch();
      } finally {
        lock.release();
      }
    });
    g.switch();
    assert.equal(lock.locked(), true);
    g[Symbol.dispose]();
    assert.equal(lock.locked(), false);
  });

  test(`${name}: a function of Timeout.run belongs to the greenlet that calls it, spawned or switched to`, async () => {
    const lock = new RLockClass();
    const again = (): unknown => Timeout.run(60_000, () => lock.tryAcquire() && lock.tryAcquire());
    const check = async (): Promise<void> => {
      lock.tryAcquire();
      assert.equal(await again(), true);
      for (let i = 0; i < 3; i += 1) lock.release();
      assert.equal(lock.locked(), false);
    };
    await check();
    await spawn(check);
    const main = getcurrent();
    const g = greenlet(function* () {
      lock.tryAcquire();
      yield* main.switch(again());
      for (let i = 0; i < 3; i += 1) lock.release();
      return lock.locked();
    });
    const ran = g.switch() as unknown;
    assert.equal(await ran, true);
    assert.equal(g.switch(), false);
  });
}

test('a shared RLock.run that a greenlet began is left again after its await, wherever the greenlet was switched to', async () => {
  const lock = new SharedRLock();
  const inner = async (): Promise<boolean> => {
    let ran: Promise<boolean> | undefined;
    greenlet(() => {
      ran = lock.run(async () => {
        const depth = lock.tryAcquire();
        await sleep(0);
        lock.release();
        return depth;
      });
    }).switch();
    return ran!;
  };
  assert.equal(await inner(), true);
  assert.equal(await spawn(inner), true);
  assert.equal(lock.locked(), false);
});

test('inside of an RLock.run a part of a greenlet is kept apart from the greenlet', async () => {
  const lock = new RLock();
  let inside: boolean | undefined;
  const g = greenlet(() => {
    void lock.run(() => {
      inside = lock.tryAcquire();
      lock.release();
    });
    return lock.locked();
  });
  assert.equal(g.switch(), false);
  assert.equal(inside, true);
});

test('a wait for a lock names the greenlet that holds it', () => {
  const lock = new RLock();
  const plain = new Lock();
  const g = greenlet(() => {
    lock.tryAcquire();
    plain.tryAcquire();
    assert.match(String(lock), /^<RLock held by greenlet\(current\)>$/);
  });
  g.switch();
  assert.equal(lock.owner, g);
  assert.equal(plain.owner, g);
  assert.equal(new Condition(lock).owner, g);
  assert.match(String(lock), /^<RLock held by greenlet\(dead\), which has ended>$/);
});

test('a Condition is told apart for a greenlet and its switcher', () => {
  const condition = new Condition(new RLock());
  condition.tryAcquire();
  const g = greenlet(() => condition.notify());
  assert.throws(() => g.switch(), InvalidStateError);
  condition.notify();
  condition.release();
});

test('a tracer finds the fields of the greenlet that is switched to', () => {
  const local = new Local<{ name?: string }>();
  local.name = 'main';
  const seen: (string | undefined)[] = [];
  const g = greenlet(() => {
    local.name = 'g';
  });
  settrace(() => seen.push(local.name));
  try {
    g.switch();
  } finally {
    settrace(undefined);
  }
  assert.deepEqual(seen, [undefined, 'main']);
});

test('callbacks of the loop find the fields of the main program', async () => {
  const local = new Local<{ name?: string }>();
  local.name = 'main';
  const seen: (string | undefined)[] = [];
  const g = greenlet(() => {
    local.name = 'switched to';
    spawn(() => {
      local.name = 'spawned';
    }).rawlink(() => seen.push(local.name));
  });
  g.switch();
  await sleep(1);
  assert.deepEqual(seen, ['main']);
});

test('getCurrent() and kill() mean the greenlet of spawn() that switches', async () => {
  const reached: string[] = [];
  const outer = spawn(() => {
    greenlet(() => {
      assert.equal(getCurrent(), outer);
      void outer.kill(new Error('killed from inside'));
      reached.push('after the kill');
    }).switch();
  });
  await assert.rejects(outer.get(), /killed from inside/);
  assert.deepEqual(reached, []);
});
