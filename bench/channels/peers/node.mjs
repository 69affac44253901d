// Node's own means: `process.send` to a child process, `postMessage` to a worker thread. No call blocks and nothing is shared; a message is
// an event.
import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { expect } from '../../measure.mjs';
import { BATCH, kinds, LARGE_IN_FLIGHT, sumOf } from '../items.mjs';
import { COLD } from '../scenarios/cold.mjs';

const program = new URL('../workers/node.mjs', import.meta.url);

export function open({ kind }) {
  const children = new Map();
  const start =
    kind === 'process'
      ? (atOnce, serialization = 'json') => fork(program, [String(atOnce)], { serialization })
      : (atOnce) => new Worker(program, { workerData: atOnce });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of Node has none
  const post = kind === 'process' ? (child, message) => child.send(message) : (child, message) => child.postMessage(message);
  const ended = (child) => new Promise((resolve) => child.once('exit', resolve));
  /** JSON cannot carry bytes: they have a child of their own, by structured clone. */
  const childFor = (what) => {
    const serialization = what === 'mebibytes' ? 'advanced' : 'json';
    if (!children.has(serialization)) children.set(serialization, start(0, serialization));
    return children.get(serialization);
  };
  /** Calls `read` with each message until it says that it was the last. */
  const messages = (child, read) =>
    new Promise((resolve, reject) => {
      const onMessage = (message) => {
        if (!read(message)) return;
        child.off('message', onMessage).off('error', reject);
        resolve();
      };
      child.on('message', onMessage).once('error', reject);
    });

  return {
    async send(what, count) {
      const child = childFor(what);
      const { read } = kinds[what];
      let [sum, got, asked] = [0, 0, 0];
      // Without a bound of their own: large ones are asked for in lots, as otherwise all would be in memory at a time.
      const lot = what === 'mebibytes' ? LARGE_IN_FLIGHT : count;
      const ask = () => {
        const next = Math.min(lot, count - asked);
        asked += next;
        if (next > 0) post(child, [what, next]);
      };
      const all = messages(child, (message) => {
        sum += read(message);
        got++;
        if (what === 'mebibytes' && got % lot === 0) ask();
        return got === count;
      });
      ask();
      if (what === 'mebibytes') ask();
      await all;
      if (what !== 'mebibytes') expect(sum, sumOf(what, count), 'the sum of what came');
      else expect(Number.isNaN(sum), false, 'whether a byte was wrong');
    },
    async sendBatches(count) {
      const child = childFor('batches');
      let [sum, got] = [0, 0];
      const all = messages(child, (batch) => {
        for (const number of batch) sum += number;
        got += BATCH;
        return got === count;
      });
      post(child, ['batches', count]);
      await all;
      expect(sum, sumOf('numbers', count), 'the sum of what came');
    },
    async awaitedTurns(rounds) {
      const child = childFor('turns');
      for (let n = 0; n < rounds; n++) {
        const back = new Promise((resolve) => child.once('message', resolve));
        post(child, n);
        await back;
      }
    },
    async cold() {
      const begin = performance.now();
      const fresh = start(COLD);
      let [came, got] = [0, 0];
      await messages(fresh, () => {
        if (got === 0) came = performance.now();
        got++;
        return got === COLD;
      });
      const end = performance.now();
      const exit = ended(fresh);
      post(fresh, ['end']);
      await exit;
      return { first: came - begin, next: end - came };
    },
    async wait() {
      await this.awaitedTurns(1);
      return () => {};
    },
    async close() {
      const exits = [...children.values()].map(ended);
      for (const child of children.values()) post(child, ['end']);
      await Promise.all(exits);
    },
  };
}
