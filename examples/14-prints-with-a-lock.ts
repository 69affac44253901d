/** Processes print in turn with a lock, and all over each other without. */

import { Barrier, Lock, Process } from 'heddle';

for (const count of [3, 10]) {
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

  for (const target of [inTurn, allAtOnce]) {
    const processes = Array.from({ length: count }, (_, n) => new Process({ target, args: [n + 1] }).start());
    for (const one of processes) await one.join();
    console.log(`${target.name}: all ${count} have ended`);
  }
}
