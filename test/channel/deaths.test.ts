/** A producer or a consumer that ends, in each of the ways in which threads and processes do: the others go on, and are told what was not done. */

import assert from 'node:assert/strict';
import { Queue } from 'heddle';
import { until } from '../sync/crew.js';
import { forEachEnd } from '../sync/victim.js';

forEachEnd('its tasks are told to join once, and the others are waited for', async (victim, crew) => {
  const queue = new Queue<number>();
  await queue.putMany([1, 2, 3]);
  assert.equal(await victim.ask(() => queue.getSync() + queue.getSync()), 3);
  const joining = queue.join().catch((error: Error) => error.name);
  const blocked = crew.run(() => {
    try {
      return queue.joinSync();
    } catch (error) {
      return error instanceof Error ? error.name : 'nothing';
    }
  });
  await until(() => queue.statistics().waitingJoiners === 2);
  victim.end();
  await victim.ended();
  // The one that was not told waits on, until the third is done.
  const first = await Promise.race([joining, blocked]);
  assert.equal(first, 'OwnerDied');
  assert.equal(queue.getSync(), 3);
  queue.taskDone();
  const ends = await Promise.all([joining, blocked]);
  assert.deepEqual(new Set(ends), new Set(['OwnerDied', true]));
  assert.equal(queue.statistics().unfinishedTasks, 0);
});

forEachEnd('what it had put is there, and what it waited for goes to the others', async (victim, crew) => {
  const queue = new Queue<number>();
  const results = new Queue<number>();
  victim.run(async () => {
    await results.put(0);
    await queue.get();
  });
  assert.equal(await results.get(), 0);
  await until(() => queue.statistics().waitingGetters === 1);
  const other = crew.run(() => queue.getSync());
  await until(() => queue.statistics().waitingGetters === 2);
  victim.end();
  await victim.ended();
  await queue.put(7);
  assert.equal(await other, 7);
});

forEachEnd('its puts that waited for room are no more, and the room is for others', async (victim, crew) => {
  const queue = new Queue<string>(1);
  await queue.put('first');
  victim.run(() => queue.put('never'));
  await until(() => queue.statistics().waitingPutters === 1);
  victim.end();
  await victim.ended();
  const putting = crew.run(() => queue.putSync('second'));
  assert.equal(await queue.get(), 'first');
  await putting;
  assert.equal(await queue.get(), 'second');
});
