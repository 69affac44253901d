/** The error of `run()` may be any value, also one that cannot be read: a process and a thread still end with an error, and report it. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { Process, setExceptHook, Thread } from 'heddle';

test.before(() => setExceptHook(() => {}));
test.after(() => setExceptHook(null));

const kinds = {
  Process: (target: () => unknown): Error | null => {
    const child = new Process({ target, stdio: 'ignore' }).start();
    child.joinSync();
    assert.equal(child.exitCode, 1);
    return child.error;
  },
  Thread: (target: () => unknown): Error | null => {
    const thread = new Thread({ target }).start();
    thread.joinSync();
    return thread.error;
  },
};

/* oxlint-disable no-throw-literal -- these are the literals */
const thrown: Record<string, readonly [() => never, RegExp]> = {
  'a string': [
    () => {
      throw 'text';
    },
    /^run\(\) threw 'text'$/,
  ],
  undefined: [
    () => {
      throw undefined;
    },
    /^run\(\) threw undefined$/,
  ],
  'an error whose message throws': [
    () => {
      const error = new Error('hidden');
      Object.defineProperty(error, 'message', {
        get() {
          throw new Error('trap');
        },
      });
      throw error;
    },
    /^(?:an error that cannot be shown: reading it throws|\[object Error\])$/, // as the inspect of Node has it
  ],
  'an error whose own inspect throws': [
    () => {
      throw Object.assign(new Error('plain'), {
        [Symbol.for('nodejs.util.inspect.custom')]() {
          throw new Error('trap');
        },
      });
    },
    /^plain$/,
  ],
  'a proxy whose traps throw': [
    () => {
      const trap = (): never => {
        throw new Error('trap');
      };
      throw new Proxy({}, { get: trap, getPrototypeOf: trap, ownKeys: trap });
    },
    /^(?:\{\}|Proxy\(\{\}\))$/,
  ],
  'a frozen error': [
    () => {
      throw Object.freeze(new Error('frozen'));
    },
    /^frozen$/,
  ],
};
/* oxlint-enable no-throw-literal */

for (const [kind, run] of Object.entries(kinds)) {
  for (const [what, [throwIt, message]] of Object.entries(thrown)) {
    test(`${kind}: ${what} that run() throws is its error`, () => {
      const error = run(throwIt);
      assert.ok(error instanceof Error);
      assert.match(error.message, message);
    });
  }

  test(`${kind}: a cause, and the parts of an AggregateError, show the lines of the user and none of heddle`, () => {
    const error = run(() => {
      throw new AggregateError([new TypeError('part')], 'whole', { cause: new RangeError('cause') });
    });
    const text = inspect(error);
    assert.ok(error instanceof AggregateError && error.errors[0] instanceof TypeError && error.cause instanceof RangeError);
    assert.equal(text.match(/ hostile-errors\.test\.|\/hostile-errors\.test\./g)?.length, 3, text);
    assert.doesNotMatch(text, /untilSettled|child-main/);
  });
}

test('a generator function is refused as a target and as run(): a call of it runs nothing', () => {
  for (const Class of [Process, Thread as unknown as typeof Process]) {
    class Idle extends Class {
      override *run(): Generator {
        yield 1;
      }
    }
    const refusal = { name: 'TypeError', message: /got a generator function, of which a call runs nothing/ };
    assert.throws(() => new Class({ target: function* () {} }), refusal);
    assert.throws(() => new Class({ target: async function* () {} }), refusal);
    assert.throws(() => new Idle().start(), refusal);
  }
});
