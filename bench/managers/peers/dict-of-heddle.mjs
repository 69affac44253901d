// A dictionary of a manager, called in the ways that there are.
import { Manager } from '../../../dist/index.js';
import { expect, inFlight } from '../../measure.mjs';

const KEY = 'key';
/** Calls of a pipeline. */
const BATCH = 1000;
/** Calls under way. */
const LANES = 8;

async function piped(dict, count, record) {
  let last;
  for (let begin = 0; begin < count; begin += BATCH) {
    const end = Math.min(begin + BATCH, count);
    last = await dict.pipeline((calls) => {
      for (let n = begin; n < end; n++) record(calls, n);
    });
  }
  return last.at(-1);
}

/** The last write of `set` must be there; the last read of `get` must be that value. */
const ways = {
  blocking: {
    set(dict, count) {
      for (let n = 0; n < count; n++) dict.setSync(KEY, n);
    },
    get(dict, count) {
      let last;
      for (let n = 0; n < count; n++) last = dict.getSync(KEY);
      return last;
    },
  },
  await: {
    async set(dict, count) {
      for (let n = 0; n < count; n++) await dict.set(KEY, n);
    },
    async get(dict, count) {
      let last;
      for (let n = 0; n < count; n++) last = await dict.get(KEY);
      return last;
    },
  },
  eight: {
    set: (dict, count) => inFlight(count, LANES, (n) => dict.set(KEY, n)),
    async get(dict, count) {
      let last;
      await inFlight(count, LANES, async () => {
        last = await dict.get(KEY);
      });
      return last;
    },
  },
  pipeline: {
    set: (dict, count) => piped(dict, count, (calls, n) => calls.set(KEY, n)),
    get: (dict, count) => piped(dict, count, (calls) => calls.get(KEY)),
  },
};

export async function openDict(way) {
  const manager = await Manager.start();
  const dict = await manager.dict();
  const { set, get } = ways[way];
  let last;
  return {
    async set(count) {
      await set(dict, count);
      last = count - 1;
      expect(await dict.get(KEY), last, 'what was set');
      return count;
    },
    async get(count) {
      expect(await get(dict, count), last, 'what was got');
      return count;
    },
    close: () => manager.shutdown(),
  };
}
