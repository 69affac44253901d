/** The stack of a refusal begins with the line of the user's call, and shows no call inside of heddle. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CancelledError, InvalidStateError, Lock, Semaphore, SerializationError, TimeoutError } from 'heddle';
import { kinds } from './kinds.ts';

const program = fileURLToPath(new URL('refusals.js', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Told {
  readonly told: readonly (readonly [name: string, stack: string])[];
  readonly stack: string;
}

async function run(...options: string[]): Promise<Told> {
  const { stdout } = await promisify(execFile)(process.execPath, [...options, program], { encoding: 'utf8' });
  return JSON.parse(stdout) as Told;
}

const framesOf = (stack: string): string[] => stack.split('\n').filter((line) => line.startsWith('    at '));

function checkStack(name: string, stack: string, file: RegExp): void {
  const [first] = framesOf(stack);
  assert.ok(first?.includes(name), `${name} is not first in\n${stack}`);
  assert.match(first!, file);
  for (const line of framesOf(stack)) assert.ok(!line.includes(`${root}dist/`) && !line.includes(`${root}src/`), line);
}

for (const [mode, options, file] of [
  ['as V8 has them', ['--no-enable-source-maps'], /pool\/refusals\.js:\d+:\d+\)$/],
  ['with source maps', ['--enable-source-maps'], /pool\/refusals\.ts:\d+:\d+\)$/],
] as const) {
  test(`each refusal shows the line of its call first, ${mode}`, async () => {
    const { told, stack } = await run(...options);
    assert.equal(told.length, 27);
    for (const [name, each] of told) checkStack(name, each, file);
    // The worker's half and the caller's are both in the source.
    const [workers, callers] = stack.split('\n  submitted from:\n');
    for (const half of [workers!, callers!]) assert.match(framesOf(half)[0]!, /pool\/refusals\.ts:\d+:\d+\)?$/);
  });
}

const nothing = (): void => {};

/** The form of a refusal while something is changed. */
function refusedWhile(change: () => void, restore: () => void): Error {
  change();
  try {
    new Lock().release();
  } catch (error) {
    return error as Error;
  } finally {
    restore();
  }
  throw new Error('not refused');
}

test('a refusal shows as many lines as Error.stackTraceLimit says, also none, and leaves that as it was', () => {
  const before = Error.stackTraceLimit;
  const counted = (limit: unknown): number => {
    const refusal = refusedWhile(
      () => {
        Error.stackTraceLimit = limit as number;
      },
      () => {
        assert.equal(Error.stackTraceLimit, limit);
        Error.stackTraceLimit = before;
      },
    );
    assert.ok(refusal instanceof InvalidStateError);
    return framesOf(String(refusal.stack)).length;
  };
  assert.deepEqual([counted(0), counted(1), counted(2)], [0, 1, 2]);
  // No number: V8 makes no stack at all.
  assert.equal(counted('many'), 0);
});

test('a refusal captures few of the frames of a deep stack, as errors that steer a program must be cheap', () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const below = <T>(depth: number, make: () => T): T => (depth === 0 ? make() : below(depth - 1, make));
  const refuse = (): unknown => refusedWhile(nothing, nothing);
  for (const make of [refuse, () => new TimeoutError('late'), () => new CancelledError('not wanted')]) {
    const refusal = below(400, make) as { readonly stack: unknown };
    Error.prepareStackTrace = (_error, frames) => frames.length;
    try {
      assert.ok((refusal.stack as number) > stackTraceLimit);
      assert.ok((refusal.stack as number) <= stackTraceLimit + 50);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  }
});

test('a refusal is made where Error.stackTraceLimit cannot be changed', () => {
  const before = Error.stackTraceLimit;
  const refusal = refusedWhile(
    () => Object.defineProperty(Error, 'stackTraceLimit', { value: 3, writable: false, configurable: true }),
    () => Object.defineProperty(Error, 'stackTraceLimit', { value: before, writable: true, configurable: true, enumerable: true }),
  );
  assert.equal(refusal.message, 'release() of a Lock that is not locked');
});

test('the user’s Error.prepareStackTrace gets the refusal, and what it makes is not touched', async () => {
  const before = Error.prepareStackTrace;
  const seen: unknown[] = [];
  Error.prepareStackTrace = (error, sites) => {
    seen.push(error.name, error.message, error instanceof InvalidStateError);
    return sites;
  };
  try {
    const refusal = refusedWhile(
      () => {},
      () => {},
    );
    assert.ok(Array.isArray(refusal.stack));
    assert.deepEqual(seen, ['InvalidStateError', 'release() of a Lock that is not locked', true]);
    // A task's error is joined with its call, which has no text here.
    const pool = kinds[0].shared(1);
    const failed = await pool
      .submit(() => {
        throw new TypeError('as always');
      })
      .catch((error: unknown) => error);
    assert.equal((failed as Error).message, 'as always');
    Error.prepareStackTrace = () => {
      throw new Error('from prepareStackTrace');
    };
    const unreadable = await pool
      .submit(() => {
        throw new TypeError('as always');
      })
      .catch(() => 'rejected');
    assert.equal(unreadable, 'rejected');
  } finally {
    Error.prepareStackTrace = before;
  }
});

test('a refusal can be frozen, sealed and given another stack, and crosses to a worker and home', async () => {
  const refused = (): Error =>
    refusedWhile(
      () => {},
      () => {},
    );
  for (const close of [Object.freeze, Object.seal, Object.preventExtensions]) {
    const refusal = close(refused());
    assert.match(framesOf(String(refusal.stack))[0]!, /refusal-stacks\.test/);
    assert.equal(refusal.stack, refusal.stack);
  }
  const refusal = refused();
  refusal.stack = 'another';
  assert.equal(refusal.stack, 'another');
  assert.equal(Object.keys(refusal).length, 0);
  assert.match(structuredClone(refused()).stack!, /^InvalidStateError: .*\n {4}at .*refusal-stacks\.test/);
  for (const { shared } of kinds) {
    const error = await shared(1).submit((each: Error) => each, refused());
    assert.ok(error instanceof InvalidStateError);
    assert.match(framesOf(String(error.stack))[0]!, /refusal-stacks\.test/);
  }
});

test('refusals are JavaScript’s own errors where they are of its classes', () => {
  assert.throws(
    () => new Semaphore(-1),
    (error: Error) => Object.getPrototypeOf(error) === RangeError.prototype && error.constructor === RangeError,
  );
  class Own extends SerializationError {}
  assert.match(new Own('mine').stack!, /^Own: mine\n {4}at .*refusal-stacks\.test/);
});
