/** A manager where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Manager, setStartMethod, UnsupportedPlatformError } from 'heddle';

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
