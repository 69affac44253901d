import { expect, inFlight, median, timed, warmUp } from '../../measure.mjs';

const ITEMS = 1_000_000;
const CHUNK = 1000;
/** A pool that makes a task of every item would take half a minute for the million; its rate shows after this many. */
const ITEMS_ONE_BY_ONE = 30_000;
const AT_ONCE = 1000;

export const map = {
  id: 'map',
  title: 'Map: x => x * 2 over a million numbers',
  figures: [
    { key: 'plain', table: 'nothing said about chunks', title: 'rate', unit: 'items/s', better: 'higher' },
    { key: 'chunked', table: 'chunks of 1,000 (the pool does them, else by hand)', title: 'rate', unit: 'items/s', better: 'higher' },
    { key: 'list', table: 'a list to a list, nothing said about chunks', title: 'rate', unit: 'items/s', better: 'higher' },
  ],
  async run({ open, quick }) {
    const pool = await open();
    await warmUp(pool, 'double');
    const items = quick ? ITEMS / 5 : ITEMS;
    const rate = (count, ms) => (count / ms) * 1000;
    if (pool.map) {
      return {
        figures: {
          plain: rate(items, await timed(() => mapped(pool, items, {}))),
          chunked: rate(items, await timed(() => mapped(pool, items, { chunkSize: CHUNK }))),
          list: await listed(pool, items),
        },
      };
    }
    const few = quick ? ITEMS_ONE_BY_ONE / 3 : ITEMS_ONE_BY_ONE;
    return {
      figures: {
        plain: rate(few, await timed(() => oneByOne(pool, few))),
        chunked: rate(items, await timed(() => byHand(pool, items))),
      },
      notes: [`does not chunk: one task an item, timed over ${few.toLocaleString('en-US')} items`],
    };
  },
};

function* numbers(from, to) {
  for (let i = from; i < to; i++) yield i;
}

/** Twice the sum of 0 … n - 1. */
const doubledSum = (n) => n * (n - 1);

async function mapped(pool, items, options) {
  let sum = 0;
  for await (const x of pool.map('double', numbers(0, items), options)) sum += x;
  expect(sum, doubledSum(items), 'the sum');
}

/** An array goes in, an array comes out, as with Python's `Pool.map`; the middle of three times, as there the first chunks go alone. */
async function listed(pool, items) {
  const list = [...numbers(0, items)];
  await pool.mapList('double', list.slice(0, 1000));
  const rates = [];
  for (let round = 0; round < 3; round++) {
    let results;
    const ms = await timed(async () => {
      results = await pool.mapList('double', list);
    });
    let sum = 0;
    for (const x of results) sum += x;
    expect(sum, doubledSum(items), 'the sum');
    rates.push((items / ms) * 1000);
  }
  return median(rates);
}

async function oneByOne(pool, items) {
  let sum = 0;
  await inFlight(items, AT_ONCE, async (i) => {
    const doubled = await pool.run('double', i);
    sum += doubled;
  });
  expect(sum, doubledSum(items), 'the sum');
}

async function byHand(pool, items) {
  let sum = 0;
  await inFlight(items / CHUNK, 8, async (chunk) => {
    const results = await pool.run('doubleAll', [...numbers(chunk * CHUNK, (chunk + 1) * CHUNK)]);
    for (const x of results) sum += x;
  });
  expect(sum, doubledSum(items), 'the sum');
}
