/** Types of a SharedMap: the compiler takes and refuses these. */

import { SharedMap, type SharedMapKey, type SharedMapStatistics } from 'heddle';

export async function typed(): Promise<void> {
  const map = new SharedMap<string, number>([['a', 1]]);
  const sync: number | undefined = map.getSync('a');
  const awaited: number | undefined = await map.get('a', { timeout: 5 });
  const is: boolean[] = [map.hasSync('a'), await map.has('a'), map.deleteSync('a'), await map.delete('a')];
  const self: SharedMap<string, number> = map.setSync('a', 1).setSync('b', 2);
  const nothing: void = await map.set('a', 1);
  const updated: number = await map.update('a', (n = 0) => n + 1);
  const updatedSync: number = map.updateSync('a', (n) => (n === undefined ? 1 : n), 5);
  const entries: IterableIterator<[string, number]> = map.entries();
  for (const [key, value] of map) console.log(key.length, value.toFixed());
  map.forEach((value, key, its) => console.log(value.toFixed(), key.length, its === map));
  const statistics: SharedMapStatistics = map.statistics();
  console.log(sync, awaited, is, self, nothing, updated, updatedSync, entries, statistics.size, map.size);

  const inferred = new SharedMap([[[1, 'a'], { x: 1 }] as const]);
  const x: number | undefined = inferred.getSync([1, 'a'])?.x;
  const any: SharedMap = new SharedMap();
  const key: SharedMapKey = [undefined, 1n, Symbol.iterator];
  any.setSync(key, new Map());
  console.log(x);

  // @ts-expect-error a key of another type
  map.setSync(1, 1);
  // @ts-expect-error a value of another type
  await map.set('a', 'b');
  // @ts-expect-error the value may be missing
  map.getSync('a').toFixed();
  // @ts-expect-error a blocked thread hears no signal
  map.getSync('a', { signal: new AbortController().signal });
  // @ts-expect-error an object is no key
  new SharedMap<{ x: number }, number>();
  // @ts-expect-error nor is an array of arrays
  any.setSync([[1]], 1);
  // @ts-expect-error the function must be synchronous
  map.updateSync('a', async (n) => n);
  // @ts-expect-error size is read
  map.size = 1;
}
