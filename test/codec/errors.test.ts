/** Errors arrive as the same errors. */

import assert, { AssertionError } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { types } from 'node:util';
import { runInNewContext } from 'node:vm';
import { HeddleError, SerializationError, TimeoutError, WorkerLost } from '#src/errors.js';
import { originalStack } from '#src/codec/index.js';
import { cross, crossWithModules, type Kind, kinds, refusal } from './cross.js';

/** A class whose constructor cannot be called without its arguments, and must not be called at all. */
class QueryError extends Error {
  static calls = 0;
  readonly query: string;
  readonly position: { line: number };
  constructor(details: { query: string; line: number }) {
    super(`in ${details.query.toUpperCase()}`);
    QueryError.calls += 1;
    this.query = details.query;
    this.position = { line: details.line };
  }
  override get name(): string {
    return 'QueryError';
  }
  describe(): string {
    return `${this.query}:${this.position.line}`;
  }
}

const thrown = { isThrown: true };
const lastLine = ({ stack }: Error): string | undefined => stack?.split('\n').at(-1);

const errorOf = (code: () => unknown): Error => {
  try {
    code();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

function builtIn(kind: Kind): void {
  for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = new Class('what went wrong');
    const there = cross(error, kind);
    assert.equal(Object.getPrototypeOf(there), Class.prototype);
    assert.ok(types.isNativeError(there));
    assert.equal(there.message, 'what went wrong');
    assert.equal(there.stack, originalStack(error.stack ?? ''));
    assert.deepEqual(Object.keys(there), []);
    assert.equal(Object.hasOwn(there, 'cause'), false);
  }
}

for (const kind of kinds) {
  test(`a built-in error loses class, message or stack on its way to a ${kind}`, () => builtIn(kind));

  test(`an error without a message gets one in a ${kind}`, () => {
    assert.equal(Object.hasOwn(cross(new Error(), kind), 'message'), false);
  });

  test(`a chain of causes is cut on its way to a ${kind}`, () => {
    const error = new Error('outer', { cause: new TypeError('middle', { cause: { code: 7, inner: new RangeError('inner') } }) });
    const there = cross(error, kind);
    const middle = there.cause as TypeError;
    assert.ok(middle instanceof TypeError);
    assert.ok((middle.cause as { inner: Error }).inner instanceof RangeError);
    assert.equal(Object.getOwnPropertyDescriptor(there, 'cause')?.enumerable, false);
  });

  test(`an error that is its own cause is not so in a ${kind}`, () => {
    const error: Error = new Error('round');
    error.cause = { error };
    const there = cross(error, kind);
    assert.equal((there.cause as { error: Error }).error, there);
  });

  test(`10,000 causes of causes overflow the stack on the way to a ${kind}`, () => {
    let error = new Error('first');
    for (let i = 1; i < 10_000; i += 1) error = new Error('next', { cause: error });
    let depth = 0;
    for (let at: unknown = cross(error, kind); at !== undefined; at = (at as Error).cause) depth += 1;
    assert.equal(depth, 10_000);
  });

  test(`an AggregateError loses its errors on its way to a ${kind}`, () => {
    const there = cross(new AggregateError([new RangeError('one'), 'two'], 'both'), kind);
    assert.ok(there instanceof AggregateError);
    assert.ok(there.errors[0] instanceof RangeError);
    assert.equal(there.errors[1], 'two');
    assert.equal(Object.getOwnPropertyDescriptor(there, 'errors')?.enumerable, false);
  });

  test(`a DOMException is another one in a ${kind}`, () => {
    const error = new DOMException('stop', 'AbortError');
    const there = cross(error, kind);
    assert.ok(there instanceof DOMException);
    assert.deepEqual([there.name, there.message, there.code, there.stack], ['AbortError', 'stop', 20, originalStack(error.stack ?? '')]);
    const timeout = cross(
      errorOf(() => AbortSignal.abort(new DOMException('late', 'TimeoutError')).throwIfAborted()),
      kind,
    );
    assert.equal(timeout.name, 'TimeoutError');
  });

  test(`own properties of an error get lost on their way to a ${kind}`, () => {
    const error = Object.assign(new Error('failed'), { code: 'E_FAIL', details: { at: [1, 2] }, when: new Date(5) });
    Object.defineProperty(error, 'hidden', { value: 1, enumerable: false });
    const there = cross(error, kind) as typeof error & { hidden: number };
    assert.deepEqual([there.code, there.details, there.when.getTime(), there.hidden], ['E_FAIL', { at: [1, 2] }, 5, 1]);
    assert.deepEqual(Object.keys(there), ['code', 'details', 'when']);
  });

  test(`a system error loses code, errno or path on its way to a ${kind}`, () => {
    const error = errorOf(() => readFileSync('/no/such/file')) as NodeJS.ErrnoException;
    const there = cross(error, kind);
    assert.deepEqual([there.code, there.errno, there.syscall, there.path], ['ENOENT', error.errno, 'open', '/no/such/file']);
    assert.equal(there.message, error.message);
  });

  test(`an error of Node's own loses its code on its way to a ${kind}`, () => {
    const error = errorOf(() => Buffer.alloc('x' as never)) as NodeJS.ErrnoException;
    const there = cross(error, kind);
    assert.ok(there instanceof TypeError);
    assert.deepEqual([there.code, there.name, there.message], [error.code, error.name, error.message]);
  });

  test(`an AssertionError is not recognised in a ${kind}`, async () => {
    const there = await crossWithModules(errorOf(() => assert.deepEqual({ a: 1 }, { a: 2 })) as AssertionError, kind);
    assert.equal(there.code, 'ERR_ASSERTION');
    assert.equal(there.name, 'AssertionError');
    assert.deepEqual([there.actual, there.expected], [{ a: 1 }, { a: 2 }]);
  });

  test(`the constructor of a user's error class runs again in a ${kind}`, () => {
    const error = new QueryError({ query: 'select', line: 3 });
    const calls = QueryError.calls;
    const there = cross(error, kind);
    assert.equal(QueryError.calls, calls);
    assert.ok(types.isNativeError(there));
    assert.equal(there.name, 'QueryError');
    assert.equal(there.message, 'in SELECT');
    assert.equal(there.describe(), 'select:3');
    assert.equal(there.stack, originalStack(error.stack ?? ''));
    assert.equal(there.constructor.name, 'QueryError');
  });

  test(`a thrown error arrives in a ${kind} without getters that throw, and says so`, () => {
    const error = Object.defineProperties(new Error('kept'), {
      bad: {
        enumerable: true,
        get() {
          throw new Error('not to be read');
        },
      },
      good: { enumerable: true, get: () => 7 },
    }) as Error & { good: number };
    const there = cross(error, kind, thrown);
    assert.equal(there.message, 'kept');
    assert.equal(there.good, 7);
    assert.equal('bad' in there, false);
    assert.equal(lastLine(there), '  arrived without its bad: args.bad: reading it threw Error: not to be read');
    assert.equal(refusal(error, kind), 'args.bad: reading it threw Error: not to be read');
  });

  test(`a thrown error arrives in a ${kind} though its stack cannot be read`, () => {
    const error = new Error('kept');
    Object.defineProperty(error, 'stack', {
      get() {
        throw new Error('not to be read');
      },
    });
    assert.equal(cross(error, kind, thrown).message, 'kept');
    assert.equal(refusal([error], kind), 'args[0].stack: reading it threw Error: not to be read');
  });

  test(`a thrown error arrives in a ${kind} without the parts that cannot cross, and each error of it says which`, () => {
    const inner = Object.assign(new Error('inner'), { promise: Promise.resolve() });
    const error = Object.assign(new Error('outer', { cause: inner }), {
      request: { socket: new WeakMap() },
      code: 'E',
      after: { ok: [1] },
      [Symbol('mine')]: 1,
    });
    const there = cross(error, kind, thrown);
    assert.deepEqual([there.message, there.code, there.after], ['outer', 'E', { ok: [1] }]);
    assert.equal('request' in there, false);
    assert.equal((there.cause as Error).message, 'inner');
    assert.equal('promise' in (there.cause as Error), false);
    assert.equal(lastLine(there.cause as Error), '  arrived without its promise: args.cause.promise: a Promise cannot cross');
    assert.deepEqual(there.stack?.split('\n').slice(-2), [
      '  arrived without its request: args.request.socket: a WeakMap cannot cross',
      '  arrived without its [Symbol(mine)]: args[Symbol(mine)]: a property under a symbol that is not registered cannot cross',
    ]);
    assert.equal(error.stack?.includes('arrived without'), false);
  });

  test(`an error that is a value is refused with the path to what cannot cross to a ${kind}`, () => {
    const hidden = Object.defineProperty(new TypeError('hidden'), 'socket', { value: new WeakMap() });
    const failures = { list: [new Error('fine'), new Error('outer', { cause: { error: hidden } })] };
    assert.equal(
      refusal([1, failures], kind),
      'args[1].list[1].cause.error.socket: a WeakMap cannot cross: a Map, a Set or the object itself can',
    );
    const many = new AggregateError([Object.assign(new Error('one'), { held: [Promise.resolve()] })]);
    assert.equal(refusal([many], kind), 'args[0].errors[0].held[0]: a Promise cannot cross: await it first, and hand over its result');
  });

  test(`a thrown error whose class cannot cross arrives in a ${kind} as what it extends, under its name`, () => {
    const held = Promise.resolve();
    class HoldingError extends RangeError {
      hold(): unknown {
        return held;
      }
    }
    const error = Object.assign(new HoldingError('kept'), { code: 5 });
    const there = cross(error, kind, thrown);
    assert.ok(there instanceof RangeError);
    assert.deepEqual([there.message, there.code], ['kept', 5]);
    assert.equal(there.name, 'HoldingError');
    assert.equal(lastLine(there), '  arrived without its class: args.constructor → held: a Promise cannot cross');
    assert.equal(refusal([error], kind), 'args[0].constructor → held: a Promise cannot cross: await it first, and hand over its result');
  });

  test(`properties of an error keep their flags in a ${kind}`, () => {
    const error = Object.defineProperties(new QueryError({ query: 'q', line: 1 }), {
      fixed: { value: 1 },
      listed: { value: 2, enumerable: true },
      format: { value: (text: string) => `formatted ${text}` },
    }) as QueryError & { format(text: string): string };
    const there = cross(error, kind);
    for (const key of ['fixed', 'listed'])
      assert.deepEqual(Object.getOwnPropertyDescriptor(there, key), Object.getOwnPropertyDescriptor(error, key));
    assert.equal(there.format('x'), 'formatted x');
    assert.equal(Object.getOwnPropertyDescriptor(there, 'format')?.enumerable, false);
    assert.deepEqual(new Set(Reflect.ownKeys(there)), new Set(Reflect.ownKeys(error)));
  });

  test(`heddle's own errors are strangers in a ${kind}`, () => {
    const lost = new WorkerLost('gone', { kind: 'process', pid: 7, threadId: null, exitCode: 1, signal: null, error: null }, 'task');
    const there = cross({ lost, late: new TimeoutError('late'), value: new SerializationError('no') }, kind);
    assert.ok(there.lost instanceof WorkerLost && there.lost instanceof HeddleError);
    assert.equal(Object.getPrototypeOf(there.lost), WorkerLost.prototype);
    assert.deepEqual(
      [there.lost.code, there.lost.name, there.lost.pid, there.lost.exitCode, there.lost.task],
      ['ERR_HEDDLE_WORKER_LOST', 'WorkerLost', 7, 1, 'task'],
    );
    assert.ok(there.late instanceof TimeoutError && !(there.late instanceof WorkerLost));
    assert.ok(there.value instanceof SerializationError);
  });

  test(`what is thrown but is no error changes on its way to a ${kind}`, () => {
    for (const value of [undefined, null, 5, 'text', Symbol.for('x')]) assert.equal(cross<unknown>(value, kind), value);
  });

  test(`an error of another realm is no error in a ${kind}`, () => {
    const there = cross(
      runInNewContext(`Object.assign(new TypeError('far', { cause: new RangeError('away') }), { code: 1 })`) as Error,
      kind,
    );
    assert.ok(there instanceof TypeError && there.cause instanceof RangeError);
    assert.equal((there as NodeJS.ErrnoException).code, 1);
  });

  test(`an error made without calling Error loses its stack on its way to a ${kind}`, () => {
    const error = Object.create(TypeError.prototype, { message: { value: 'shaped', enumerable: true } }) as Error;
    Error.captureStackTrace(error);
    const there = cross(error, kind);
    assert.ok(there instanceof TypeError);
    assert.deepEqual([there.message, there.stack], ['shaped', originalStack(error.stack ?? '')]);
  });

  test(`500 thrown errors with parts that cannot cross arrive in a ${kind}, and each says what it lacks`, () => {
    const errors = Array.from({ length: 500 }, (_, i) => Object.assign(new Error(`${i}`), { code: i, handle: { weak: new WeakMap() } }));
    const there = cross(errors, kind, thrown);
    assert.deepEqual(
      there.map(({ code }) => code),
      errors.map(({ code }) => code),
    );
    assert.equal(
      there.some((error) => 'handle' in error),
      false,
    );
    assert.ok(there.every(({ stack }) => /\n {2}arrived without (its handle|what of it is no scalar): /.test(stack ?? '')));
  });
}
