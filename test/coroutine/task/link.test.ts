/** Callbacks of a greenlet's end: each has its turn, and until then it can be taken away. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AsyncResult, type Greenlet, sleep, spawn, wait } from 'heddle/coroutine';

type Callback = (greenlet: Greenlet) => void;

/** Callbacks by name that write the name down and take the others in `kill` away. */
function callbacks(greenlet: Greenlet, said: string[], kills: Record<string, string[]>): Record<string, Callback> {
  const made: Record<string, Callback> = {};
  for (const [name, others] of Object.entries(kills)) {
    made[name] = () => {
      said.push(name);
      for (const other of others) greenlet.unlink(made[other]!);
    };
  }
  return made;
}

const bodies: Record<string, () => unknown> = {
  *generator() {
    yield* sleep(0);
  },
  async async() {
    await sleep(0);
  },
  plain() {},
};

for (const way of ['link', 'linkValue', 'rawlink'] as const) {
  for (const [kind, body] of Object.entries(bodies)) {
    test(`${way} to a ${kind} greenlet: a callback that another one has unlinked is not called`, async () => {
      const said: string[] = [];
      const greenlet = spawn(body);
      const { one, two, three } = callbacks(greenlet, said, { one: ['two'], two: ['one'], three: ['three'] });
      for (const callback of [one!, two!, three!]) greenlet[way](callback);
      await wait();
      assert.deepEqual(said, ['one', 'three']);
      assert.equal(greenlet.hasLinks, false);
    });
  }

  test(`${way}: a callback that is linked after the end and unlinked in the same turn is not called`, async () => {
    const said: string[] = [];
    const greenlet = spawn(bodies['plain']!);
    await greenlet.join();
    const { gone, stays } = callbacks(greenlet, said, { gone: [], stays: [] });
    greenlet[way](gone!);
    greenlet[way](stays!);
    assert.equal(greenlet.hasLinks, true);
    greenlet.unlink(gone!);
    await wait();
    assert.deepEqual(said, ['stays']);
  });

  test(`${way}: a callback that is linked while others are told is called, after them`, async () => {
    const said: string[] = [];
    const greenlet = spawn(bodies['plain']!);
    greenlet[way](() => {
      said.push('first');
      greenlet[way](() => said.push('added'));
    });
    greenlet[way](() => said.push('second'));
    await wait();
    assert.deepEqual(said, ['first', 'second', 'added']);
  });

  test(`${way}: a callback that is linked twice is called twice, and unlinked at once`, async () => {
    const said: string[] = [];
    const greenlet = spawn(bodies['plain']!);
    const { twice } = callbacks(greenlet, said, { twice: [] });
    greenlet[way](twice!);
    greenlet[way](twice!);
    await wait();
    assert.deepEqual(said, ['twice', 'twice']);
    const { once } = callbacks(greenlet, said, { once: ['once'] });
    greenlet[way](once!);
    greenlet[way](once!);
    await wait();
    assert.deepEqual(said, ['twice', 'twice', 'once']);
  });
}

test('unlinkAll by the first callback leaves all others uncalled, of whatever kind they are', async () => {
  const said: string[] = [];
  const result = new AsyncResult();
  const greenlet = spawn(bodies['plain']!);
  greenlet.rawlink(() => {
    said.push('first');
    greenlet.unlinkAll();
  });
  greenlet.link(() => said.push('link'));
  greenlet.rawlink(() => said.push('rawlink'));
  greenlet.linkValue(result);
  await wait();
  assert.deepEqual([said, result.ready()], [['first'], false]);
});

test('an AsyncResult that a callback unlinks does not take the outcome', async () => {
  const failure = new Error('expected');
  const [gone, stays] = [new AsyncResult(), new AsyncResult()];
  const greenlet: Greenlet = spawn(() => {
    throw failure;
  });
  greenlet.linkException(() => greenlet.unlink(gone));
  greenlet.linkException(gone);
  greenlet.linkException(stays);
  await wait();
  assert.deepEqual([gone.ready(), stays.exception], [false, failure]);
});

test('the callback of a link is a greenlet that wait() waits for, also if it waits itself', async () => {
  const said: unknown[] = [];
  const greenlet = spawn(() => 7);
  greenlet.link(function* (ended: Greenlet<number>) {
    yield* sleep(1);
    said.push(ended.value);
  });
  await wait();
  assert.deepEqual(said, [7]);
});
