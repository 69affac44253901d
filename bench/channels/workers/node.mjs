// The other side of Node's own channels: a child process or a worker thread. Does what it is told.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { BATCH, batchFrom, kinds } from '../items.mjs';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of Node has none
const post = isMainThread ? (message) => process.send(message) : (message) => parentPort.postMessage(message);
const port = isMainThread ? process : parentPort;

function sendNumbers(count) {
  for (let n = 0; n < count; n++) post(n);
}

const work = {
  numbers: sendNumbers,
  objects(count) {
    for (let n = 0; n < count; n++) post(kinds.objects.make(n));
  },
  mebibytes(count) {
    for (let n = 0; n < count; n++) post(kinds.mebibytes.make(n));
  },
  batches(count) {
    for (let n = 0; n < count; n += BATCH) post(batchFrom(n));
  },
  end: () => (isMainThread ? process.disconnect() : parentPort.close()),
};

const atOnce = isMainThread ? Number(process.argv[2]) : workerData;
if (atOnce > 0) sendNumbers(atOnce);
port.on('message', (message) => {
  if (typeof message === 'number') post(message);
  else work[message[0]](message[1]);
});
