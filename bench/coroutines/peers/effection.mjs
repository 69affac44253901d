import { createQueue, run, sleep, spawn, suspend } from 'effection';

export const queueAlone = (count) =>
  run(function* () {
    const queue = createQueue();
    let got = 0;
    for (let i = 0; i < count; i++) {
      queue.add(i);
      if ((yield* queue.next()).value === i) got++;
    }
    return got;
  });

export async function sleepZero(count) {
  let done = 0;
  function* turns() {
    while (done < count) {
      done++;
      yield* sleep(0);
    }
  }
  await run(function* () {
    const both = [yield* spawn(turns), yield* spawn(turns)];
    for (const task of both) yield* task;
  });
  return done;
}

export const spawnAll = (count, waits) =>
  run(function* () {
    let next = 0;
    function* one() {
      const x = next++;
      if (waits) yield* sleep(0);
      return x;
    }
    const tasks = [];
    for (let i = 0; i < count; i++) tasks.push(yield* spawn(one));
    let sum = 0;
    for (const task of tasks) sum += yield* task;
    return sum;
  });

/** Starts `count` of them and keeps the scope that they live in. */
async function startAll(count, body) {
  let ended = 0;
  let tellStarted;
  const started = new Promise((resolve) => {
    tellStarted = resolve;
  });
  const tasks = [];
  function* one() {
    try {
      yield* body();
    } finally {
      ended++;
    }
  }
  const scope = run(function* () {
    for (let i = 0; i < count; i++) tasks.push(yield* spawn(one));
    yield* sleep(0);
    tellStarted();
    yield* suspend();
  });
  await started;
  return { tasks, scope, ended: () => ended };
}

export const sleepAll = (count, ms) => startAll(count, () => sleep(ms));

export function getAll(count) {
  const queue = createQueue();
  return startAll(count, () => queue.next());
}

export async function join({ tasks, scope, ended }) {
  await Promise.all(tasks);
  await scope.halt();
  return ended();
}

export async function kill({ scope, ended }) {
  await scope.halt();
  return ended();
}
