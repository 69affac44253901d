import '../../pools/peers/multithreading-globals.mjs';
import { Barrier, channel, initRuntime, move, Mutex, shutdown, spawn } from 'multithreading';
import { expect } from '../../measure.mjs';
import { together } from '../../sync/peers/pairs.mjs';
import { BATCH, kinds, sumOf } from '../items.mjs';
import { COLD } from '../scenarios/cold.mjs';

const itemsModule = new URL('../items.mjs', import.meta.url).href;
const pairsModule = new URL('../../sync/peers/pairs.mjs', import.meta.url).href;

// Tasks: they cross as their source, without what is around them.
const sendItems = async (to, what, count, from) => {
  const { kinds: known } = await import(from);
  const { make } = known[what];
  for (let n = 0; n < count; n++) to.blockingSend(make(n));
};
const sendBatches = async (to, count, from) => {
  const { BATCH: size, batchFrom } = await import(from);
  for (let n = 0; n < count; n += size) to.blockingSend(batchFrom(n));
};
const sendNumbers = (to, count) => {
  for (let n = 0; n < count; n++) to.blockingSend(n);
};
const answer = (from, to, rounds) => {
  for (let n = 0; n < rounds; n++) to.blockingSend(from.blockingRecv().value);
};
const answerAwaiting = async (from, to, rounds) => {
  for (let n = 0; n < rounds; n++) await to.send((await from.recv()).value);
};
const waitForOne = (from) => {
  from.blockingRecv();
};
const increment = async (lock, start, from, ms) => {
  const { pairsFor } = await import(from);
  start.blockingWait();
  return pairsFor(ms, () => {
    const guard = lock.blockingLock();
    guard.value[0] += 1;
    guard[Symbol.dispose]();
  });
};

async function run(task, args) {
  const result = await spawn(move(...args), task).join();
  if (!result.ok) throw result.error;
  return result.value;
}

export function open() {
  initRuntime({ maxWorkers: 2 });
  return {
    async send(what, count) {
      const { read } = kinds[what];
      const [to, from] = channel();
      const sent = run(sendItems, [to, what, count, itemsModule]);
      await Promise.race([sent, new Promise((resolve) => setImmediate(resolve))]); // the task has gone out
      let sum = 0;
      for (let n = 0; n < count; n++) sum += read(from.blockingRecv().value);
      await sent;
      expect(sum, sumOf(what, count), 'the sum of what came');
    },
    async sendBatches(count) {
      const [to, from] = channel();
      const sent = run(sendBatches, [to, count, itemsModule]);
      await Promise.race([sent, new Promise((resolve) => setImmediate(resolve))]);
      let sum = 0;
      for (let n = 0; n < count; n += BATCH) for (const number of from.blockingRecv().value) sum += number;
      await sent;
      expect(sum, sumOf('numbers', count), 'the sum of what came');
    },
    async turns(rounds) {
      const [[to, others], [answers, from]] = [channel(), channel()];
      const answered = run(answer, [others, answers, rounds]);
      await Promise.race([answered, new Promise((resolve) => setImmediate(resolve))]);
      for (let n = 0; n < rounds; n++) {
        to.blockingSend(n);
        from.blockingRecv();
      }
      await answered;
    },
    async awaitedTurns(rounds) {
      const [[to, others], [answers, from]] = [channel(), channel()];
      const answered = run(answerAwaiting, [others, answers, rounds]);
      for (let n = 0; n < rounds; n++) {
        await to.send(n);
        await from.recv();
      }
      await answered;
    },
    async cold() {
      const [to, from] = channel();
      const begin = performance.now();
      const sent = run(sendNumbers, [to, COLD]);
      await from.recv();
      const came = performance.now();
      for (let n = 1; n < COLD; n++) from.blockingRecv();
      const end = performance.now();
      await sent;
      return { first: came - begin, next: end - came };
    },
    wait() {
      const [to, from] = channel();
      const waited = run(waitForOne, [from]);
      return () => {
        to.blockingSend(0);
        return waited;
      };
    },
    increments() {
      const once = async (ms) => {
        const [lock, start] = [new Mutex(new Int32Array(new SharedArrayBuffer(4))), new Barrier(2)];
        const result = together(await Promise.all([0, 1].map(() => run(increment, [lock, start, pairsModule, ms]))));
        const guard = await lock.lock();
        expect(guard.value[0], result.pairs, 'the number');
        guard[Symbol.dispose]();
        return result;
      };
      return { run: once, close: () => {} };
    },
    close: () => shutdown(),
  };
}
