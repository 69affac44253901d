/** Ten threads take turns, and count together: Python's tutorial of `threading.Lock`. */

import { Barrier, Lock, Thread } from 'heddle';

const lock = new Lock();
const allHaveRead = new Barrier(10);
const shared = new Int32Array(new SharedArrayBuffer(8));

// One at a time, though all want it at once.
const takeTurn = async (n: number): Promise<void> => {
  using _ = await lock.hold();
  shared[0]! += 1;
  await new Promise((resolve) => setTimeout(resolve, 1));
  shared[0]! -= 1;
  console.log(`thread ${n} had its turn, with ${shared[0]} others`);
};

// A counter: read, then write.
const count = async (): Promise<void> => {
  const before = shared[1]!;
  await allHaveRead.wait();
  shared[1] = before + 1;
};
const countInTurn = (): Promise<void> =>
  lock.run(() => {
    const before = shared[1]!;
    shared[1] = before + 1;
  });

for (const target of [takeTurn, count, countInTurn]) {
  shared[1] = 0;
  const threads = Array.from({ length: 10 }, (_, n) => new Thread({ target, args: [n + 1] }).start());
  for (const thread of threads) await thread.join();
  if (target !== takeTurn) console.log(`${target.name}: ten threads have counted to ${shared[1]}`);
}
