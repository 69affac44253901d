import { greenlet, joinAll, killAll, Queue, RLock, Semaphore, sleep, spawn } from '../../../dist/coroutine/index.js';

export function pingPong(count) {
  let done = 0;
  function* turns(other) {
    while (done < count) {
      done++;
      yield* other().switch();
    }
  }
  const ping = greenlet(() => turns(() => pong));
  const pong = greenlet(() => turns(() => ping));
  ping.switch();
  return done;
}

export function fromMain(count) {
  const inner = greenlet(function* () {
    for (;;) yield* inner.parent.switch();
  });
  let done = 0;
  for (; done < count; done += 2) inner.switch(); // there and back
  return done;
}

export const queueAlone = (count) =>
  spawn(function* () {
    const queue = new Queue();
    let got = 0;
    for (let i = 0; i < count; i++) {
      yield* queue.put(i);
      if ((yield* queue.get()) === i) got++;
    }
    return got;
  });

export function queueBetween(count, bound) {
  const queue = new Queue(bound);
  spawn(function* () {
    for (let i = 0; i < count; i++) yield* queue.put(i);
  });
  return spawn(function* () {
    let got = 0;
    for (let i = 0; i < count; i++) if ((yield* queue.get()) === i) got++;
    return got;
  });
}

const heldOften = (lock, count) =>
  spawn(function* () {
    let done = 0;
    for (; done < count; done++) {
      yield* lock.acquire();
      lock.release();
    }
    return done;
  });
export const semaphore = (count) => heldOften(new Semaphore(), count);
export const rlock = (count) => heldOften(new RLock(), count);

export async function sleepZero(count) {
  let done = 0;
  function* turns() {
    while (done < count) {
      done++;
      yield* sleep(0);
    }
  }
  await joinAll([spawn(turns), spawn(turns)]);
  return done;
}

export async function spawnAll(count, waits) {
  function* one(x) {
    if (waits) yield* sleep(0);
    return x;
  }
  const all = await joinAll(Array.from({ length: count }, (_, i) => spawn(one, i)));
  return all.reduce((sum, { value }) => sum + value, 0);
}

export async function sleepAll(count, ms) {
  function* nap() {
    yield* sleep(ms);
  }
  const all = Array.from({ length: count }, () => spawn(nap));
  await sleep(0);
  return all;
}

export async function getAll(count) {
  const queue = new Queue();
  function* wait() {
    yield* queue.get();
  }
  const all = Array.from({ length: count }, () => spawn(wait));
  await sleep(0);
  return all;
}

export const join = async (all) => (await joinAll(all)).length;

export async function kill(all) {
  await killAll(all);
  return all.filter(({ dead }) => dead).length;
}
