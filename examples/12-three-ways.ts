/** Three ways from process to process, measured: a pipe, a queue, and shared memory. The times are those of this machine. */

import { type Connection, Pipe, Process, Queue, SharedArray } from 'heddle';

const numbers = 50_000;
const trips = 5_000;
const mebibytes = 64;
const chunk = new Uint8Array(2 ** 20);

const perSecond = (count: number, ms: number): string => `${((count / ms) * 1000).toLocaleString('en', { maximumFractionDigits: 0 })}/s`;

/** Milliseconds from the moment in which the child is ready. */
async function time(target: (end: Connection<string>) => void, here: (end: Connection<string>) => void): Promise<number> {
  const [end, its] = Pipe<string>();
  const child = new Process({ target, args: [its] }).start();
  its.close();
  end.recvSync();
  const since = performance.now();
  end.sendSync('go');
  here(end);
  const ms = performance.now() - since;
  await child.join();
  end.close();
  return ms;
}

function ready(end: Connection<string>): void {
  end.sendSync('ready');
  end.recvSync();
}

const [reader, writer] = Pipe<number>();
const [there, back] = [new Queue<number>(), new Queue<number>()];
const bytes = new Queue<Uint8Array>(8);
const memory = new SharedArray('int32', numbers);
const block = new SharedArray('uint8', chunk.length, { lock: false });

const rows: Record<string, Record<string, string>> = {};

rows['one way, numbers'] = {
  pipe: perSecond(
    numbers,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < numbers; n += 1) writer.sendSync(n);
      },
      () => {
        for (let n = 0; n < numbers; n += 1) reader.recvSync();
      },
    ),
  ),
  queue: perSecond(
    numbers,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < numbers; n += 1) there.putSync(n);
      },
      () => {
        for (let n = 0; n < numbers; n += 1) there.getSync();
      },
    ),
  ),
  'shared memory': perSecond(
    numbers,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < numbers; n += 1) memory.view[n] = n;
        end.sendSync('done');
      },
      (end) => {
        end.recvSync();
        memory.view.reduce((sum, n) => sum + n, 0);
      },
    ),
  ),
};

rows['there and back'] = {
  pipe: perSecond(
    trips,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < trips; n += 1) writer.sendSync(writer.recvSync());
      },
      () => {
        for (let n = 0; n < trips; n += 1) {
          reader.sendSync(n);
          reader.recvSync();
        }
      },
    ),
  ),
  queue: perSecond(
    trips,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < trips; n += 1) back.putSync(there.getSync());
      },
      () => {
        for (let n = 0; n < trips; n += 1) {
          there.putSync(n);
          back.getSync();
        }
      },
    ),
  ),
  'shared memory': '-',
};

rows['1 MiB messages'] = {
  pipe: perSecond(
    mebibytes,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < mebibytes; n += 1) writer.sendBytesSync(chunk);
      },
      () => {
        for (let n = 0; n < mebibytes; n += 1) reader.recvBytesIntoSync(chunk);
      },
    ),
  ),
  queue: perSecond(
    mebibytes,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < mebibytes; n += 1) bytes.putSync(chunk);
      },
      () => {
        for (let n = 0; n < mebibytes; n += 1) bytes.getSync();
      },
    ),
  ),
  'shared memory': perSecond(
    mebibytes,
    await time(
      (end) => {
        ready(end);
        for (let n = 0; n < mebibytes; n += 1) block.view.set(chunk);
        end.sendSync('done');
      },
      (end) => void end.recvSync(),
    ),
  ),
};

console.table(rows);
