/** A manager where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Manager, ProcessPoolExecutor, setStartMethod, Thread, UnsupportedPlatformError } from 'heddle';

test('a manager is refused where processes share no memory, and works on a thread', async () => {
  await assert.rejects(
    Manager.start(),
    (error: Error) => error instanceof UnsupportedPlatformError && /HEDDLE_PLATFORM=none/.test(error.message),
  );
  setStartMethod('thread', { force: true });
  await using manager = await Manager.start();
  const dict = await manager.dict({ a: 1 });
  assert.equal(await dict.update('a', (n = 0) => n + 1), 2);
  assert.equal(dict.getSync('a'), 2);
});

test('a manager serves other programs, and programs call it, where no native call can be made', async () => {
  const authkey = Buffer.from('a key');
  await using manager = await Manager.start({ address: { port: 0 }, authkey });
  const { port } = manager.address as { readonly port: number };
  using remote = await Manager.connect({ address: { host: 'localhost', port }, authkey });
  const dict = remote.dictSync({ a: 1 });
  assert.equal(await dict.update('a', (n = 0) => n + 1), 2);
  const lock = await remote.Lock();
  assert.deepEqual([await lock.acquire(), lock.tryAcquireSync()], [true, false]);
  const thread = new Thread({ target: () => dict.setSync('b', 3) }).start();
  await thread.join();
  assert.deepEqual([thread.error, dict.getSync('b')], [null, 3]);
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  assert.equal(await pool.submit((its: typeof dict) => its, dict), dict);
});
