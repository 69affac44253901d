/** Three ways from process to process, measured: a pipe, a queue, and shared memory. The times are those of this machine. */

import { Pipe, Process, Queue, SharedArray } from 'heddle';

const numbers = 50_000;
const trips = 5_000;
const mebibytes = 64;
const chunk = new Uint8Array(2 ** 20);

type Step = (n: number) => void;
const nothing = (): void => {};

/** How often a second a child and this process do their steps, from the moment in which the child is ready. */
async function rate(count: number, there: Step, here: Step = nothing, afterwards: () => unknown = nothing): Promise<string> {
  const [end, its] = Pipe<string>();
  const work = (): void => {
    its.sendSync('ready');
    its.recvSync();
    for (let n = 0; n < count; n += 1) there(n);
    its.sendSync('done');
  };
  const child = new Process({ target: work }).start();
  end.recvSync();
  const since = performance.now();
  end.sendSync('go');
  for (let n = 0; n < count; n += 1) here(n);
  end.recvSync();
  afterwards();
  const seconds = (performance.now() - since) / 1000;
  await child.join();
  return `${(count / seconds).toLocaleString('en', { maximumFractionDigits: 0 })}/s`;
}

const [reader, writer] = Pipe<number>();
const [there, back] = [new Queue<number>(), new Queue<number>()];
const bytes = new Queue<Uint8Array>(8);
const memory = new SharedArray('int32', numbers);
const block = new SharedArray('uint8', chunk.length, { lock: false });

const turnPipe = (n: number): void => {
  reader.sendSync(n);
  reader.recvSync();
};
const turnQueue = (n: number): void => {
  there.putSync(n);
  back.getSync();
};
const write = (n: number): void => void (memory.view[n] = n);
const sum = (): number => memory.view.reduce((total, n) => total + n, 0);

console.table({
  'one way, numbers': {
    pipe: await rate(
      numbers,
      (n) => writer.sendSync(n),
      () => reader.recvSync(),
    ),
    queue: await rate(
      numbers,
      (n) => there.putSync(n),
      () => there.getSync(),
    ),
    'shared memory': await rate(numbers, write, nothing, sum),
  },
  'there and back': {
    pipe: await rate(trips, () => writer.sendSync(writer.recvSync()), turnPipe),
    queue: await rate(trips, () => back.putSync(there.getSync()), turnQueue),
    'shared memory': '-',
  },
  '1 MiB messages': {
    pipe: await rate(
      mebibytes,
      () => writer.sendBytesSync(chunk),
      () => void reader.recvBytesIntoSync(chunk),
    ),
    queue: await rate(
      mebibytes,
      () => bytes.putSync(chunk),
      () => bytes.getSync(),
    ),
    'shared memory': await rate(mebibytes, () => block.view.set(chunk)),
  },
});
