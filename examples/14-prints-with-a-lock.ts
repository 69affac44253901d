/** Processes print in turn with a lock, and all over each other without: Python's tutorial of `multiprocessing.Lock`. */

import { Barrier, Lock, ProcessPoolExecutor } from 'heddle';

for (const count of [3, 10]) {
  await using pool = new ProcessPoolExecutor({ maxWorkers: count });
  const lock = new Lock();
  const allHaveBegun = new Barrier(count);

  const inTurn = async (n: number): Promise<void> => {
    using _ = await lock.hold();
    console.log(`process ${n} begins`);
    console.log(`process ${n} ends`);
  };
  const allAtOnce = async (n: number): Promise<void> => {
    console.log(`process ${n} begins`);
    await allHaveBegun.wait();
    console.log(`process ${n} ends`);
  };

  for (const task of [inTurn, allAtOnce]) {
    await Promise.all(Array.from({ length: count }, (_, n) => pool.submit(task, n + 1)));
    console.log(`${task.name}: all ${count} have ended`);
  }
}
