import {
  Barrier,
  Deque,
  LifoQueue,
  PriorityQueue,
  Process,
  ProcessPoolExecutor,
  Queue,
  Thread,
  ThreadPoolExecutor,
  Value,
} from '../../../dist/index.js';
import { expect } from '../../measure.mjs';
import { together } from '../../sync/peers/pairs.mjs';
import { BATCH, kinds, LARGE_IN_FLIGHT, sumOf } from '../items.mjs';
import { COLD } from '../scenarios/cold.mjs';
import { openPipe } from './pipe-of-heddle.mjs';
import { add, increment, sendNumbers, serve, serveAwaiting } from '../workers/heddle.mjs';

const receive = {
  numbers: { sync: receiveAll('numbers', 'items'), awaited: awaitAll('numbers', 'items') },
  objects: { sync: receiveAll('objects', 'items'), awaited: awaitAll('objects', 'items') },
  mebibytes: { sync: receiveAll('mebibytes', 'large'), awaited: awaitAll('mebibytes', 'large') },
  batches: {
    sync({ items }, count) {
      let sum = 0;
      for (let got = 0; got < count; ) {
        const batch = items.getManySync(BATCH);
        for (const number of batch) sum += number;
        got += batch.length;
      }
      return sum;
    },
    async awaited({ items }, count) {
      let sum = 0;
      for (let got = 0; got < count; ) {
        const batch = await items.getMany(BATCH);
        for (const number of batch) sum += number;
        got += batch.length;
      }
      return sum;
    },
  },
};

// A process of the benchmark measures one kind: a loop of its own for each is not needed.
function receiveAll(kind, queue) {
  const { read } = kinds[kind];
  return (queues, count) => {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += read(queues[queue].getSync());
    return sum;
  };
}

const receiveFrom = {
  lifo: receiveAll('numbers', 'lifo'),
  priority: receiveAll('numbers', 'priority'),
  deque({ deque }, count) {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += deque.popLeftSync();
    return sum;
  },
};

function awaitAll(kind, queue) {
  const { read } = kinds[kind];
  return async (queues, count) => {
    let sum = 0;
    for (let n = 0; n < count; n++) sum += read(await queues[queue].get());
    return sum;
  };
}

export function open({ kind }) {
  if (kind === 'pipe') return openPipe();
  const [where, how] = kind.split('-');
  const isAwaiting = how === 'await';
  const form = isAwaiting ? 'awaited' : 'sync';
  const Child = where === 'processes' ? Process : Thread;
  const Executor = where === 'processes' ? ProcessPoolExecutor : ThreadPoolExecutor;
  let queues;
  let child;
  /** The child is started when it is first needed. */
  const order = (...words) => {
    if (child === undefined) {
      queues = { orders: new Queue(), items: new Queue(), there: new Queue(), large: new Queue(LARGE_IN_FLIGHT) };
      Object.assign(queues, { lifo: new LifoQueue(), priority: new PriorityQueue(), deque: new Deque() });
      child = new Child({ target: isAwaiting ? serveAwaiting : serve, args: [queues] }).start();
    }
    queues.orders.putSync(words);
  };
  const pool = async (task) => {
    const executor = new Executor({ maxWorkers: 2 });
    await executor.broadcast(() => {}); // both have started
    const run = async (ms) => {
      const [value, start] = [new Value('i', 0), new Barrier(2)];
      const result = together(await Promise.all([0, 1].map(() => executor.submit(task, ms, value, start))));
      expect(value.value, result.pairs, 'the number');
      return result;
    };
    return { run, close: () => executor.shutdown() };
  };
  return {
    async send(what, count) {
      order(what, count);
      expect(await receive[what][form](queues, count), sumOf(what, count), 'the sum of what came');
    },
    async sendBatches(count) {
      order('batches', count);
      expect(await receive.batches[form](queues, count), sumOf('numbers', count), 'the sum of what came');
    },
    sendThrough(which, count) {
      order(which, count);
      expect(receiveFrom[which](queues, count), sumOf('numbers', count), 'the sum of what came');
    },
    turns(rounds) {
      order('turns', rounds);
      const { items, there } = queues;
      for (let n = 0; n < rounds; n++) {
        there.putSync(n);
        items.getSync();
      }
    },
    async awaitedTurns(rounds) {
      order('turns', rounds);
      const { items, there } = queues;
      for (let n = 0; n < rounds; n++) {
        await there.put(n);
        await items.get();
      }
    },
    async cold() {
      const items = new Queue();
      const begin = performance.now();
      const fresh = new Child({ target: sendNumbers, args: [items, COLD] }).start();
      if (isAwaiting) await items.get();
      else items.getSync();
      const came = performance.now();
      for (let n = 1; n < COLD; n++)
        if (isAwaiting) await items.get();
        else items.getSync();
      const end = performance.now();
      await fresh.join();
      return { first: came - begin, next: end - came };
    },
    wait() {
      order('wait');
      return () => queues.there.putSync(0);
    },
    increments: () => pool(increment),
    adds: () => pool(add),
    add(count) {
      const value = new Value('i', 0);
      for (let i = 0; i < count; i++) value.add(1);
      expect(value.value, count, 'the number');
      return count;
    },
    async close() {
      if (child === undefined) return;
      order('end');
      await child.join();
    },
  };
}
