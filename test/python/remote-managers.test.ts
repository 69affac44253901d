/** The assertions of CPython's _test_multiprocessing on managers that another program connects to. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Manager, Process, Queue, SerializationError } from 'heddle';

const authkey = Buffer.from('the key of the suite');
const values = ['hello world', null, true, 2.25, 'hallå världen', 'привет', Buffer.from('hallå världen', 'latin1')];
const queue = new Queue();
Manager.register('get_queue', () => queue);

const putter = (address: NonNullable<Manager['address']>) =>
  new Process({
    target: async (at, key, all) => {
      using manager = await Manager.connect({ address: at, authkey: key });
      await (await manager.create<Queue>('get_queue')).put(all);
    },
    args: [address, authkey, values] as const,
  }).start();

test('remote: a second manager connects by address and key, a third gets what it has put, and what cannot cross is an error', async () => {
  await using server = await Manager.start({ address: { port: 0 }, authkey });
  const child = putter(server.address!);
  using other = await Manager.connect({ address: server.address!, authkey });
  const there = await other.create<Queue>('get_queue');
  assert.deepEqual(await there.get(), values);
  await assert.rejects(there.put(new WeakMap()), SerializationError);
  await child.join();
  assert.equal(child.exitCode, 0);
});

test('rapid_restart: a manager that was shut down can be started again on its address at once', async () => {
  const first = await Manager.start({ address: { port: 0 }, authkey });
  const { address } = first;
  const child = putter(address!);
  const manager = await Manager.connect({ address: address!, authkey });
  assert.deepEqual(await (await manager.create<Queue>('get_queue')).get(), values);
  await child.join();
  await first.shutdown();
  await using second = await Manager.start({ address, authkey });
  assert.deepEqual(second.address, address);
  using again = await Manager.connect({ address: address!, authkey });
  assert.equal(await (await again.dict({ a: 1 })).get('a'), 1);
});
