// Items from a child to the program, as fast as both can.
import { timed } from '../../measure.mjs';
import { rate } from '../../coroutines/measure.mjs';
import { BATCH } from '../items.mjs';

const RATE = { key: 'rate', title: 'one way', unit: 'items/s', better: 'higher' };
/** Before the clock starts: both sides are warm. What that costs shows in the scenario `cold`. */
const FIRST = 20_000;
/** The number of large items after which all memory has been used once: new memory costs more than all else. */
const FIRST_LARGE = 1000;

async function itemsPerSecond(send, quick, first = FIRST) {
  await send(first);
  const counted = async (count) => {
    await send(count);
    return count;
  };
  return rate(counted, quick, timed);
}

function oneWay(id, title) {
  const send = (peer) => (count) => peer.send(id, count);
  return { id, title, figures: [RATE], run: async ({ peer, quick }) => ({ figures: { rate: await itemsPerSecond(send(peer), quick) } }) };
}

export const numbers = oneWay('numbers', 'Numbers, one way');
export const objects = oneWay('objects', 'Small objects, one way: `{ id, name, ok }`');

export const batches = {
  id: 'batches',
  title: `Numbers in batches of ${BATCH}, one way: putMany and getMany; others send arrays`,
  figures: [{ ...RATE, unit: 'numbers/s' }],
  run: async ({ peer, quick }) => ({ figures: { rate: await itemsPerSecond((count) => peer.sendBatches(count), quick, FIRST * 10) } }),
};

export const mebibytes = {
  id: 'mebibytes',
  title: 'Byte arrays of 1 MiB, one way',
  figures: [{ ...RATE, unit: 'GB/s' }],
  run: async ({ peer, quick }) => ({
    figures: {
      rate: ((await itemsPerSecond((count) => peer.send('mebibytes', count), quick, FIRST_LARGE / (quick ? 4 : 1))) * 2 ** 20) / 1e9,
    },
  }),
};

export const kibibytes = oneWay('kibibytes', 'Byte arrays of 1 KiB, one way: sendBytes and recvBytesInto');

function through(id, title) {
  return {
    id,
    title: `Numbers, one way, through ${title}`,
    figures: [RATE],
    run: async ({ peer, quick }) => ({ figures: { rate: await itemsPerSecond((count) => peer.sendThrough(id, count), quick) } }),
  };
}

export const lifo = through('lifo', 'a LifoQueue');
export const priority = through('priority', 'a PriorityQueue');
export const deque = through('deque', 'a Deque, from end to end');
