/** The loop is nobody's: what it calls itself is not in the context, nor in the greenlet, of whoever happened to begin its turn. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { getCurrent, sleep, spawn, Timeout, until } from 'heddle/coroutine';

const storage = new AsyncLocalStorage<string>();

/** Where a callback of a greenlet's end finds itself. */
function placeOfCallback(body: () => unknown): Promise<[string, string | undefined]> {
  return new Promise((resolve) => {
    spawn(body).rawlink(() => resolve([getCurrent().name, storage.getStore()]));
  });
}

test('a callback that the loop calls is in no greenlet, also after an async one has begun its turn', async () => {
  assert.deepEqual(await placeOfCallback(async () => sleep(1)), ['main', undefined]);
  assert.deepEqual(await placeOfCallback(() => 'plain'), ['main', undefined]);
});

test('nor in the context that began its turn', async () => {
  const place = storage.run('of one', () =>
    placeOfCallback(async () => {
      await sleep(1);
      assert.equal(storage.getStore(), 'of one');
    }),
  );
  assert.deepEqual(await place, ['main', undefined]);
});

test('nor is what a timer calls, also if an async greenlet has set it', async () => {
  const names: string[] = [];
  await spawn(async () => {
    const slept = sleep(1);
    const thrownOut = spawn(function* () {
      Timeout.startNew(1);
      yield* until((signal) => {
        signal.addEventListener('abort', () => names.push(getCurrent().name));
        return new Promise(() => {});
      });
    });
    await slept;
    await thrownOut.join();
  });
  assert.deepEqual(names, ['main']);
});
