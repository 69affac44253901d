/** The loop has no context: its own calls run neither in the context nor in the greenlet that happened to begin its turn. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { AsyncResult, Event, getCurrent, sleep, spawn, Timeout, until } from 'heddle/coroutine';

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

test('it is in the context in which it was linked, not in the one that began its turn', async () => {
  const work = async (): Promise<void> => {
    await sleep(1);
    assert.equal(storage.getStore(), 'of one');
  };
  const spawned = storage.run('of one', () => spawn(work));
  const places: string[] = [];
  const note = (what: string) => (): void => void places.push(`${what} of ${storage.getStore()}`);
  spawned.rawlink(note('rawlink'));
  storage.run('another', () => {
    spawned.rawlink(note('second rawlink'));
    spawned.link(note('link'));
    spawned.linkValue(note('linkValue'));
  });
  await spawned;
  await sleep(1);
  assert.deepEqual(places.toSorted(), ['link of another', 'linkValue of another', 'rawlink of undefined', 'second rawlink of another']);
});

test('callbacks of an event and of an async result are in the context in which they were linked', async () => {
  const places: (string | undefined)[] = [];
  const [event, result] = [new Event(), new AsyncResult<number>()];
  storage.run('of one', () => {
    event.rawlink(() => places.push(storage.getStore()));
    result.rawlink(() => places.push(storage.getStore()));
  });
  storage.run('another', () => {
    event.set();
    result.set(1);
  });
  await sleep(1);
  assert.deepEqual(places, ['of one', 'of one']);
});

test('listeners of a greenlet’s signal are in its context, not in the one that kills it', async () => {
  const places: (string | undefined)[] = [];
  const waiting = storage.run('of one', () =>
    spawn(async () => {
      getCurrent().signal.addEventListener('abort', () => places.push(storage.getStore()));
      await sleep(60_000);
    }),
  );
  await sleep(1);
  await storage.run('another', () => waiting.kill());
  assert.deepEqual(places, ['of one']);
});

test('a timer calls outside of any greenlet, also if an async greenlet has set it', async () => {
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
