import { DistributedLock, DistributedMap, DistributedQueue } from '../../../dist/distributed/index.js';
import { expect } from '../../measure.mjs';

export function open({ url }) {
  const backend = { url };
  const lock = new DistributedLock('bench', backend);
  const map = new DistributedMap('bench', backend);
  const queue = new DistributedQueue('bench', 0, backend);
  return {
    async locks(rounds) {
      for (let n = 0; n < rounds; n++) {
        await lock.acquire();
        await lock.release();
      }
    },
    async items(rounds) {
      for (let n = 0; n < rounds; n++) {
        await queue.put({ n });
        expect((await queue.get()).n, n, 'the item');
        await queue.taskDone();
      }
    },
    async manyItems(count) {
      await queue.putMany(Array.from({ length: count }, (_, n) => ({ n })));
      for (let got = 0; got < count; ) {
        const items = await queue.getMany(512);
        expect(items[0].n, got, 'the next item');
        got += items.length;
        await Promise.all(items.map(() => queue.taskDone()));
      }
    },
    async entries(rounds) {
      for (let n = 0; n < rounds; n++) {
        await map.set('a', { n });
        expect((await map.get('a')).n, n, 'the value');
      }
    },
    close: () => Promise.all([lock, map, queue].map((one) => one.close())),
  };
}
