import { joinAll, Queue, RLock, Semaphore, sleep, spawn } from '../../../dist/coroutine/index.js';

export { join, kill } from './heddle-generators.mjs';

export const queueAlone = (count) =>
  spawn(async () => {
    const queue = new Queue();
    let got = 0;
    for (let i = 0; i < count; i++) {
      await queue.put(i);
      if ((await queue.get()) === i) got++;
    }
    return got;
  });

export function queueBetween(count, bound) {
  const queue = new Queue(bound);
  spawn(async () => {
    for (let i = 0; i < count; i++) await queue.put(i);
  });
  return spawn(async () => {
    let got = 0;
    for (let i = 0; i < count; i++) if ((await queue.get()) === i) got++;
    return got;
  });
}

const heldOften = (lock, count) =>
  spawn(async () => {
    let done = 0;
    for (; done < count; done++) {
      await lock.acquire();
      lock.release();
    }
    return done;
  });
export const semaphore = (count) => heldOften(new Semaphore(), count);
export const rlock = (count) => heldOften(new RLock(), count);

export async function sleepZero(count) {
  let done = 0;
  const turns = async () => {
    while (done < count) {
      done++;
      await sleep(0);
    }
  };
  await joinAll([spawn(turns), spawn(turns)]);
  return done;
}

export async function spawnAll(count, waits) {
  const one = async (x) => {
    if (waits) await sleep(0);
    return x;
  };
  const all = await joinAll(Array.from({ length: count }, (_, i) => spawn(one, i)));
  return all.reduce((sum, { value }) => sum + value, 0);
}

export async function sleepAll(count, ms) {
  const nap = async () => {
    await sleep(ms);
  };
  const all = Array.from({ length: count }, () => spawn(nap));
  await sleep(0);
  return all;
}

export async function getAll(count) {
  const queue = new Queue();
  const wait = async () => {
    await queue.get();
  };
  const all = Array.from({ length: count }, () => spawn(wait));
  await sleep(0);
  return all;
}
