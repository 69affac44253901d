// The programs of heddle's children.
import { BATCH, batchFrom, kinds } from '../items.mjs';
import { pairsFor } from '../../sync/peers/pairs.mjs';

/** Sends numbers, and ends. */
export function sendNumbers(items, count) {
  for (let n = 0; n < count; n++) items.putSync(n);
}

const send = {
  numbers: ({ items }, count) => sendNumbers(items, count),
  objects({ items }, count) {
    for (let n = 0; n < count; n++) items.putSync(kinds.objects.make(n));
  },
  lifo: ({ lifo }, count) => sendNumbers(lifo, count),
  priority: ({ priority }, count) => sendNumbers(priority, count),
  deque({ deque }, count) {
    for (let n = 0; n < count; n++) deque.appendSync(n);
  },
  mebibytes({ large }, count) {
    for (let n = 0; n < count; n++) large.putSync(kinds.mebibytes.make(n));
  },
  batches({ items }, count) {
    for (let n = 0; n < count; n += BATCH) items.putManySync(batchFrom(n));
  },
};

/** Does what it is told, blocking. */
export function serve(queues) {
  const { orders, items, there } = queues;
  for (;;) {
    const [verb, count] = orders.getSync();
    if (verb === 'end') return;
    if (verb === 'turns') for (let n = 0; n < count; n++) items.putSync(there.getSync());
    else if (verb === 'wait') there.getSync();
    else send[verb](queues, count);
  }
}

/** The same; what waits for something else is awaited. */
export async function serveAwaiting(queues) {
  const { orders, items, there } = queues;
  for (;;) {
    const [verb, count] = await orders.get();
    if (verb === 'end') return;
    if (verb === 'turns') for (let n = 0; n < count; n++) await items.put(await there.get());
    else if (verb === 'wait') await there.get();
    else send[verb](queues, count);
  }
}

export function increment(ms, value, start) {
  start.waitSync();
  const add1 = (number) => number + 1;
  return pairsFor(ms, () => value.updateSync(add1));
}

export function add(ms, value, start) {
  start.waitSync();
  return pairsFor(ms, () => value.add(1));
}
