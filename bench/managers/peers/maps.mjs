// A SharedMap by its Sync forms in two processes, and awaited in one; and a Map in one thread, for scale.
import { ProcessPoolExecutor, SharedMap } from '../../../dist/index.js';
import { expect } from '../../measure.mjs';
import { getAll, keys, setAll } from '../workers/map.mjs';

function openTogether() {
  const map = new SharedMap();
  const pool = new ProcessPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
  const both = async (work, count, verb) => {
    const done = await Promise.all([0, 1].map(() => pool.submit(work, map, count / 2, verb)));
    expect(map.size, keys.length, 'the size of the map');
    return done[0] + done[1];
  };
  return {
    set: (count) => both(setAll, count, 'setSync'),
    get: (count) => both(getAll, count, 'getSync'),
    close: () => pool.shutdown(),
  };
}

function openAwaited() {
  const map = new SharedMap();
  return {
    async set(count) {
      for (let n = 0; n < count; n++) await map.set(keys[n % 1000], n);
      return count;
    },
    async get(count) {
      let last;
      for (let n = 0; n < count; n++) last = await map.get(keys[n % 1000]);
      expect(typeof last, 'number', 'what was got');
      return count;
    },
    close() {},
  };
}

function openMap() {
  const map = new Map();
  return { set: (count) => setAll(map, count, 'set'), get: (count) => getAll(map, count, 'get'), close() {} };
}

export const openMaps = { 'map-together': openTogether, 'map-await': openAwaited, 'map-one': openMap };
