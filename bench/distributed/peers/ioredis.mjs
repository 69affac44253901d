// The usual recipes: SET NX with a token, a stream with a group, a hash of JSON.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { expect } from '../../measure.mjs';

const release = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";

export async function open({ path }) {
  const redis = new Redis(path);
  redis.defineCommand('unlock', { numberOfKeys: 1, lua: release });
  await redis.xgroup('CREATE', 'stream', 'g', '0', 'MKSTREAM');
  const take = async (count) => (await redis.xreadgroup('GROUP', 'g', 'c', 'COUNT', count, 'STREAMS', 'stream', '>'))[0][1];
  return {
    async locks(rounds) {
      for (let n = 0; n < rounds; n++) {
        const token = randomUUID();
        expect(await redis.set('lock', token, 'PX', 10_000, 'NX'), 'OK', 'the lock');
        await redis.unlock('lock', token);
      }
    },
    async items(rounds) {
      for (let n = 0; n < rounds; n++) {
        await redis.xadd('stream', '*', 'v', JSON.stringify({ n }));
        const [[id, [, text]]] = await take(1);
        expect(JSON.parse(text).n, n, 'the item');
        await redis.multi().xack('stream', 'g', id).xdel('stream', id).exec();
      }
    },
    async manyItems(count) {
      await Promise.all(Array.from({ length: count }, (_, n) => redis.xadd('stream', '*', 'v', JSON.stringify({ n }))));
      for (let got = 0; got < count; ) {
        const entries = await take(512);
        expect(JSON.parse(entries[0][1][1]).n, got, 'the next item');
        got += entries.length;
        const ids = entries.map(([id]) => id);
        await Promise.all([redis.xack('stream', 'g', ...ids), redis.xdel('stream', ...ids)]);
      }
    },
    async entries(rounds) {
      for (let n = 0; n < rounds; n++) {
        await redis.hset('map', 'a', JSON.stringify({ n }));
        expect(JSON.parse(await redis.hget('map', 'a')).n, n, 'the value');
      }
    },
    close: () => redis.disconnect(),
  };
}
