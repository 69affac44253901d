/** Errors of classes that Node keeps to itself arrive as the public class that theirs extends, and are the same for the rest. */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import test, { before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { originalStack } from '#src/codec/index.js';
import { withoutOwnFrames } from '#src/stack-frames.js';
import { cross, kinds, refusal } from './cross.js';

type Fields = Record<PropertyKey, unknown>;

const caught = async (code: () => unknown): Promise<Error> => {
  try {
    await code();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

const signal = AbortSignal.abort();
const errors: Error[] = [];

before(async () => {
  const server = createServer((request) => request.socket.destroy()).listen(0);
  await once(server, 'listening');
  errors.push(
    await caught(() => delay(1, undefined, { signal })),
    await caught(() => once(new EventEmitter(), 'never', { signal: AbortSignal.abort('enough') })),
    await caught(() => readFile(tmpdir(), { signal })),
    await caught(() => rmSync(tmpdir())),
    await caught(() => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
  server.close();
});

function same(there: Error, here: Error): void {
  assert.ok(there instanceof Error);
  assert.equal(String(there), String(here.name === 'SystemError' ? `SystemError: ${here.message}` : here));
  assert.equal(there.stack, withoutOwnFrames(originalStack(here.stack ?? '').split('\n')).join('\n'));
  for (const key of Reflect.ownKeys(here)) {
    if (key === 'stack' || (typeof key === 'symbol' && Symbol.keyFor(key) === undefined)) continue;
    const [one, other] = [(there as unknown as Fields)[key], (here as unknown as Fields)[key]];
    if (other instanceof Error) same(one as Error, other);
    else assert.deepEqual(one, other, String(key));
  }
}

for (const kind of kinds) {
  test(`errors of Node arrive in a ${kind} as values`, () => {
    assert.deepEqual(
      errors.map(({ constructor: { name } }) => name),
      ['AbortError', 'AbortError', 'AbortError', 'SystemError', 'TypeError'],
    );
    assert.equal((errors[4]!.cause as Error).constructor.name, 'SocketError');
    for (const error of errors) same(cross([{ status: 'rejected', reason: error }], kind)[0]!.reason, error);
  });

  test(`errors of Node that were thrown arrive in a ${kind} without a word on their class`, () => {
    for (const error of errors) {
      const there = cross(error, kind, { isThrown: true });
      assert.doesNotMatch(there.stack ?? '', /arrived without/);
      same(there, error);
    }
  });

  test(`a class of the program that extends one of Node's is refused in a ${kind}, and thrown it arrives`, () => {
    class Timeout extends (errors[0]!.constructor as ErrorConstructor) {
      override name = 'Timeout';
    }
    const error = new Timeout('late');
    assert.match(refusal(error, kind), /^args\.constructor/);
    const there = cross(error, kind, { isThrown: true });
    assert.deepEqual([there.name, there.message], ['Timeout', 'late']);
    const told = there.stack?.split('\n').at(-1) ?? '';
    assert.match(told, /arrived without its class: args\.constructor/);
    assert.doesNotMatch(told, /call it inside|hand over/);
  });

  test(`what a program has put on an error of Node crosses to a ${kind}, or is refused`, () => {
    const error = Object.assign(
      new (errors[3]!.constructor as new (...args: unknown[]) => Error)('key', { message: 'm', code: 'c', syscall: 's' }),
      {
        request: { id: 1 },
        [Symbol.for('tag')]: 2,
      },
    );
    const there = cross(error, kind);
    assert.deepEqual([there.request, there[Symbol.for('tag') as never]], [{ id: 1 }, 2]);
    Object.assign(error, { [Symbol('mine')]: 1 });
    assert.match(refusal(error, kind), /a property under a symbol that is not registered/);
  });

  test(`stacks that are no strings are what they are in a ${kind}`, () => {
    const frames = Object.assign(new Error('frames'), { stack: ['a', { line: 1 }] as unknown as string });
    assert.deepEqual(cross(frames, kind).stack, ['a', { line: 1 }]);
    const refused = Object.assign(new Error('refused'), { stack: [new WeakMap()] as unknown as string });
    assert.match(refusal(refused, kind), /^args\.stack\[0\]: a WeakMap cannot cross/);
    assert.equal(cross(refused, kind, { isThrown: true }).stack, undefined);
    const without = new Error('without');
    delete without.stack;
    assert.equal(Object.hasOwn(cross(without, kind), 'stack'), false);
    assert.equal('stack' in Object.getOwnPropertyDescriptors(cross({ without }, kind).without), false);
  });

  test(`an error without a prototype has none in a ${kind}`, () => {
    const error = Object.setPrototypeOf(Object.assign(new RangeError('bare'), { code: 1 }), null) as Error & { code: number };
    for (const isThrown of [false, true]) {
      const there = cross(error, kind, { isThrown });
      assert.equal(Object.getPrototypeOf(there), null);
      assert.deepEqual([there.message, there.code], ['bare', 1]);
    }
  });

  test(`a hidden accessor of an error is one in a ${kind}`, () => {
    const error = Object.defineProperty(new Error('first'), 'message', {
      get(this: { text?: string }) {
        return this.text ?? 'unset';
      },
      set(this: { text?: string }, text: string) {
        this.text = text;
      },
      configurable: true,
    });
    const there = cross(error, kind);
    assert.equal(there.message, 'unset');
    there.message = 'set';
    assert.equal(there.message, 'set');
    assert.deepEqual(Object.keys(there), ['text']);
    assert.equal(Object.getOwnPropertyDescriptor(cross(error, kind, { isThrown: true }), 'message')?.value, 'unset');
  });
}
