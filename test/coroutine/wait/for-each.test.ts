/** forEach: every item in order, and an iterator that is closed however the loop is left. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { TimeoutError } from 'heddle';
import { forEach, GreenletExit, iwait, sleep, spawn } from 'heddle/coroutine';

const LONG = 60_000;

/** An async iterable that says what is done with it. */
class Source implements AsyncIterableIterator<number> {
  readonly said: string[] = [];
  readonly #items: (number | Promise<number>)[];
  onReturn: () => unknown = () => {};

  constructor(...items: (number | Promise<number>)[]) {
    this.#items = items;
  }

  async next(): Promise<IteratorResult<number>> {
    this.said.push('next');
    const item = this.#items.shift();
    return item === undefined ? { done: true, value: undefined } : { done: false, value: await item };
  }

  async return(): Promise<IteratorResult<number>> {
    this.said.push('return');
    await this.onReturn();
    this.said.push('returned');
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

test('each item is waited for before the next is asked, by functions of each kind', async () => {
  const said: unknown[] = [];
  const kinds = [
    (item: number, i: number) => said.push(['plain', item, i]),
    async (item: number, i: number) => {
      await sleep(1);
      said.push(['async', item, i]);
    },
    function* (item: number, i: number): Generator<any, void> {
      yield* sleep(1);
      said.push(['generator', item, i]);
    },
  ];
  await spawn(function* () {
    for (const fn of kinds) yield* forEach(new Source(5, 6), fn);
  });
  assert.deepEqual(
    said,
    ['plain', 'async', 'generator'].flatMap((kind) => [
      [kind, 5, 0],
      [kind, 6, 1],
    ]),
  );
});

test('at the end of the source nothing is closed', async () => {
  const source = new Source(1);
  await forEach(source, () => {});
  assert.deepEqual(source.said, ['next', 'next']);
});

test('a kill while it waits for an item closes the iterator and does not wait for it', async () => {
  const source = new Source(1, new Promise<number>(() => {}));
  source.onReturn = () => new Promise(() => {});
  const g = spawn(function* () {
    yield* forEach(source, () => {});
  });
  while (source.said.length < 2) await sleep(1);
  await g.kill();
  assert.ok((g.value as unknown) instanceof GreenletExit);
  assert.deepEqual(source.said, ['next', 'next', 'return']);
});

test('a kill while the function waits ends that, and waits until the iterator is closed', async () => {
  const said: string[] = [];
  const source = new Source(1, 2);
  source.onReturn = () => sleep(2);
  const g = spawn(function* () {
    try {
      yield* forEach(source, function* () {
        said.push('begun');
        try {
          yield* sleep(LONG);
        } finally {
          yield* sleep(1);
          said.push('cleaned up');
        }
      });
    } finally {
      said.push(`over: ${source.said.at(-1)}`);
    }
  });
  while (said.length === 0) await sleep(1);
  await g.kill();
  assert.deepEqual(said, ['begun', 'cleaned up', 'over: returned']);
});

test('an error of the function closes the iterator, and is worth more than one of closing', async () => {
  const error = new Error('of the function');
  for (const isBroken of [false, true]) {
    const source = new Source(1, 2);
    if (isBroken) source.onReturn = () => Promise.reject(new Error('of closing'));
    const over = forEach(source, () => {
      throw error;
    });
    await assert.rejects(over, error);
    assert.deepEqual(source.said, isBroken ? ['next', 'return'] : ['next', 'return', 'returned']);
  }
});

test('a source that fails is not closed: it has ended itself', async () => {
  const source = new Source(1, Promise.reject(new Error('of the source')));
  await assert.rejects(
    forEach(source, () => {}),
    new Error('of the source'),
  );
  assert.deepEqual(source.said, ['next', 'next']);
});

test('a finally of an async generator is run', async () => {
  const said: string[] = [];
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i += 1) yield i;
    } finally {
      await sleep(1);
      said.push('closed');
    }
  }
  const over = forEach(numbers(), (i) => {
    if (i === 3) throw new Error('enough');
  });
  await assert.rejects(over, new Error('enough'));
  assert.deepEqual(said, ['closed']);
});

test('a stream is destroyed', async () => {
  const stream = new Readable({ read() {} });
  stream.push('a');
  const got: string[] = [];
  const g = spawn(function* () {
    yield* forEach(stream, (chunk: Buffer) => got.push(chunk.toString()));
  });
  while (got.length === 0) await sleep(1);
  await g.kill();
  assert.deepEqual([got, stream.destroyed], [['a'], true]);
});

test('a web stream is cancelled, while it is asked and in between', async () => {
  for (const isAsked of [true, false]) {
    let cancelled: unknown = 'not';
    const stream = new ReadableStream<string>({
      start: (controller) => controller.enqueue('a'),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const got: string[] = [];
    const g = spawn(function* () {
      yield* forEach(stream, function* (chunk) {
        got.push(chunk);
        if (!isAsked) yield* sleep(LONG);
      });
    });
    while (got.length === 0) await sleep(1);
    await sleep(1);
    await g.kill();
    await sleep(1);
    assert.deepEqual([got, cancelled, stream.locked], [['a'], undefined, false]);
  }
  const whole = new Blob(['all of it']).stream();
  let text = '';
  await forEach(whole, (chunk) => (text += new TextDecoder().decode(chunk)));
  assert.deepEqual([text, whole.locked], ['all of it', false]);
});

test('greenlets that come from iwait are not awaited', async () => {
  const values: unknown[] = [];
  const greenlets = [3, 1].map((ms) =>
    spawn(function* () {
      for (let i = 0; i < ms; i += 1) yield* sleep();
      return ms;
    }),
  );
  await spawn(function* () {
    yield* forEach(iwait(greenlets), (g) => values.push(g.value));
  });
  assert.deepEqual(values, [1, 3]);
});

test('a time-out is thrown into the function', async () => {
  const source = new Source(1);
  let caught: unknown;
  const late = forEach(
    source,
    function* () {
      try {
        yield* sleep(LONG);
      } catch (error) {
        caught = error;
        throw error;
      }
    },
    1,
  );
  await assert.rejects(late, (error) => {
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.message, 'forEach() has not ended within 1 ms');
    assert.equal(error, caught);
    return true;
  });
  assert.deepEqual(source.said, ['next', 'return', 'returned']);
});

test('arguments that are wrong are refused at the call', () => {
  assert.throws(() => forEach([1] as any, () => {}), new TypeError('expected source to be an async iterable, got [ 1 ]'));
  assert.throws(() => forEach(undefined as any, () => {}), TypeError);
  assert.throws(() => forEach(new Source(), 5 as any), new TypeError('expected fn to be a function, got 5'));
});
