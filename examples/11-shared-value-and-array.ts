/** A number and an array in memory that several processes share, with a lock and without. */

import { Process, RawArray, RawValue, share, SharedArray, Value } from 'heddle';

/** Starts a process for each, and waits for all. */
const inProcesses = async (count: number, target: (n: number) => void | Promise<void>): Promise<void> => {
  const children = Array.from({ length: count }, (_, n) => new Process({ target, args: [n] }).start());
  for (const child of children) await child.join();
};

// Several processes count: with add(), which needs no lock, and with update(), which takes it.
const hits = new Value('i', 0);
const balance = new Value('d', 100);
await inProcesses(3, async () => {
  for (let i = 0; i < 1000; i++) hits.add(1);
  await balance.update((euros) => euros * 2);
});
console.log(`hits ${hits.value}, balance ${balance.value}`);

// Read, then write: two steps, so the lock is held around both.
const total = new Value('i', 0);
await inProcesses(3, async (n) => {
  using _ = await total.getLock().hold();
  const before = total.value;
  total.value = before + n;
});
console.log(`total ${total.value}`);

// An array from a list, changed in place: sums up to each place.
const sums = new SharedArray('i', [1, 2, 3, 4]);
await inProcesses(1, () => {
  const { view } = sums;
  for (let i = 1; i < view.length; i++) view[i]! += view[i - 1]!;
});
console.log(`sums ${sums.slice().join(' ')}, the last ${sums.get(-1)}`);

// An array from a size: zeros at first. Each process writes a place of its own, so no lock is needed.
const squares = new RawArray('float64', 3);
const ready = new RawValue('bool', false);
await inProcesses(3, (n) => {
  squares.set(n, n * n);
  if (n === 2) ready.value = true;
});
console.log(`squares ${squares.slice().join(' ')}, ready ${ready.value}`);

// Large data for all: copied once, and never again.
const table = share(new Float64Array(1_000_000).fill(0.5));
const half = new Value('d', 0);
await inProcesses(2, (n) => void half.add(table.subarray(n * 500_000, (n + 1) * 500_000).reduce((a, b) => a + b)));
console.log(`table ${half.value}`);

try {
  hits.value = 2 ** 31;
} catch (error) {
  console.log((error as Error).message);
}
