// Async functions and promises, and what people write around them: a queue and a semaphore of a dozen lines (no time-outs, nothing can be taken
// back), an AbortController to end a sleep.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

class Queue {
  #items = [];
  #getters = [];
  #putters = [];
  #bound;

  constructor(bound = Infinity) {
    this.#bound = bound;
  }

  async put(item) {
    while (this.#items.length >= this.#bound) await new Promise((resolve) => this.#putters.push(resolve));
    this.#items.push(item);
    this.#getters.shift()?.();
  }

  async get() {
    while (this.#items.length === 0) await new Promise((resolve) => this.#getters.push(resolve));
    const item = this.#items.shift();
    this.#putters.shift()?.();
    return item;
  }
}

class Semaphore {
  #free = 1;
  #waiting = [];

  async acquire() {
    if (this.#free > 0) this.#free--;
    else await new Promise((resolve) => this.#waiting.push(resolve));
  }

  release() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

export async function pingPong(count) {
  let done = 0;
  const wake = [];
  const turns = async (me) => {
    while (done < count) {
      done++;
      const myTurn = new Promise((resolve) => {
        wake[me] = resolve;
      });
      wake[1 - me]?.();
      await myTurn;
    }
    wake[1 - me]();
  };
  await Promise.all([turns(0), turns(1)]);
  return done;
}

export async function queueAlone(count) {
  const queue = new Queue();
  let got = 0;
  for (let i = 0; i < count; i++) {
    await queue.put(i);
    if ((await queue.get()) === i) got++;
  }
  return got;
}

export async function queueBetween(count, bound) {
  const queue = new Queue(bound);
  const produce = async () => {
    for (let i = 0; i < count; i++) await queue.put(i);
  };
  const consume = async () => {
    let got = 0;
    for (let i = 0; i < count; i++) if ((await queue.get()) === i) got++;
    return got;
  };
  const [, got] = await Promise.all([produce(), consume()]);
  return got;
}

export async function semaphore(count) {
  const lock = new Semaphore();
  let done = 0;
  for (; done < count; done++) {
    await lock.acquire();
    lock.release();
  }
  return done;
}

export async function sleepZero(count) {
  let done = 0;
  const turns = async () => {
    while (done < count) {
      done++;
      await nextTurn();
    }
  };
  await Promise.all([turns(), turns()]);
  return done;
}

export async function spawnAll(count, waits) {
  const one = async (x) => {
    if (waits) await nextTurn();
    return x;
  };
  const values = await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  return values.reduce((sum, value) => sum + value, 0);
}

export async function sleepAll(count, ms) {
  const nap = async () => {
    await sleep(ms);
  };
  const all = Array.from({ length: count }, nap);
  await nextTurn();
  return all;
}

export const join = async (all) => (await Promise.allSettled(all)).length;

/** A sleeper that can be killed needs its own signal, which costs ten times the sleep. */
export async function sleepAllToBeKilled(count, ms) {
  const nap = async (signal) => {
    await sleep(ms, undefined, { signal });
  };
  const all = Array.from({ length: count }, () => {
    const controller = new AbortController();
    return { controller, ended: nap(controller.signal) };
  });
  await nextTurn();
  return all;
}

export function kill(all) {
  for (const { controller } of all) controller.abort();
  return join(all.map(({ ended }) => ended));
}
