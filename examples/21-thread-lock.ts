/** Ten threads take turns, and count together: Python's tutorial of `threading.Lock`. */

import { Lock, ThreadPoolExecutor } from 'heddle';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ten = Array.from({ length: 10 }, (_, i) => i + 1);

await using threads = new ThreadPoolExecutor({ maxWorkers: ten.length });
await threads.broadcast(() => {}); // all have started
const lock = new Lock();
const shared = new Int32Array(new SharedArrayBuffer(8));

// One at a time, though all want it at once.
const takeTurn = async (n: number): Promise<string> => {
  using _ = await lock.hold();
  shared[0]! += 1;
  await sleep(1);
  shared[0]! -= 1;
  return `thread ${n} had its turn, with ${shared[0]} others`;
};
for await (const line of threads.map(takeTurn, ten)) console.log(line);

// A counter: read, wait a little, write.
const count = async (): Promise<void> => {
  const before = shared[1]!;
  await sleep(20);
  shared[1] = before + 1;
};
const countInTurn = (): Promise<void> => lock.run(count);

for (const [how, task] of [
  ['without the lock', count],
  ['with the lock', countInTurn],
] as const) {
  shared[1] = 0;
  await Promise.all(ten.map(() => threads.submit(task)));
  console.log(`${how} they have counted to ${shared[1] < 10 ? 'fewer than 10' : shared[1]}`);
}
