/** Ways for a task to end badly, with its worker or without: the first rows of the table. */

import assert from 'node:assert/strict';
import { BrokenProcessPool, BrokenThreadPool, HeddleError, SerializationError, TimeoutError } from 'heddle';
import { type Check, type Kind, type Way, lost } from './table.ts';

const ends = (): 'ends' => 'ends';
const goesOn = (): 'goes on' => 'goes on';
const none = (): 'none' => 'none';
const oneThread = 'a signal goes to a process, never to one thread of it';
const never = (): Promise<never> => new Promise(() => setInterval(() => {}, 1000));

/** Long enough for what is innocent to end in time on a busy machine. */
const timeout = 1000;
const startTimeout = 500;
const graceful = 100;
const reason = new RangeError('not wanted any more');

const isKind =
  (Kind: new (...args: never[]) => Error, message: RegExp): Check =>
  ({ ok, value }) => {
    assert.ok(!ok && value instanceof Kind, `expected ${Kind.name}, got ${String(value)}`);
    assert.match(value.message, message);
  };
const timedOut = isKind(TimeoutError, /^victim has not ended within 1000 ms$/);
const aborted: Check = ({ ok, value }) => assert.ok(!ok && value === reason, `expected the reason itself, got ${String(value)}`);

const exits: Way[] = [
  { name: 'process.exit(0)', die: (strike) => (strike(), process.exit(0)), victim: lost({ exitCode: 0 }), worker: ends },
  { name: 'process.exit(1)', die: (strike) => (strike(), process.exit(1)), victim: lost({ exitCode: 1 }), worker: ends },
  {
    name: 'exit from a later timer',
    die: (strike) => (setTimeout(() => (strike(), process.exit(4)), 5), never()),
    victim: lost({ exitCode: 4 }),
    worker: ends,
  },
  {
    name: 'uncaught error in a timer',
    die: (strike) => (
      setTimeout(() => {
        strike();
        throw new RangeError('in a timer');
      }, 5),
      never()
    ),
    victim: lost({ exitCode: 1, cause: /^in a timer$/ }),
    worker: ends,
  },
  {
    name: 'unhandled rejection',
    die: (strike) => (strike(), void Promise.reject(new RangeError('unseen')), never()),
    victim: lost({ exitCode: 1, cause: /^unseen$/ }),
    worker: ends,
  },
  {
    name: 'heap out of memory',
    options: { resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 } },
    // In small pieces: a thread that fills its heap with big ones aborts the whole program on Node 24.
    die: (strike) => {
      let chain: unknown;
      strike();
      for (;;) chain = { chain };
    },
    victim: (fate, circumstances) => {
      // V8 ends a process that is out of memory by a signal, which one differs; and a thread by an error.
      if (circumstances.kind === 'process') return lost({ signals: ['SIGABRT', 'SIGTRAP', 'SIGILL'] })(fate, circumstances);
      lost({ exitCode: 1, cause: /memory/i })(fate, circumstances);
    },
    worker: ends,
  },
  {
    name: 'process.abort()',
    die: (strike) => (strike(), process.abort()),
    victim: (fate, circumstances) => {
      if (circumstances.kind === 'process') return lost({ signals: ['SIGABRT'] })(fate, circumstances);
      // Node refuses it to a thread, which goes on.
      isKind(TypeError, /abort\(\) is not supported in workers/)(fate, circumstances);
    },
    worker: (kind) => (kind === 'process' ? 'ends' : 'goes on'),
  },
  {
    name: 'SIGKILL',
    notFor: { thread: oneThread },
    die: (strike) => {
      strike();
      for (;;);
    },
    act: ({ pid }) => process.kill(pid, 'SIGKILL'),
    victim: lost({ signals: ['SIGKILL'] }),
    worker: ends,
  },
];

const stalls: Way[] = [
  {
    name: 'SIGSTOP, timeout',
    notFor: { thread: oneThread },
    options: { graceful },
    timeout,
    die: (strike) => (strike(), never()),
    act: ({ pid }) => process.kill(pid, 'SIGSTOP'),
    victim: timedOut,
    worker: ends,
  },
  {
    name: 'endless loop, timeout',
    options: { graceful },
    timeout,
    die: (strike) => {
      strike();
      for (;;);
    },
    victim: timedOut,
    worker: ends,
  },
  {
    name: 'endless loop, abort',
    options: { graceful },
    abort: reason,
    die: (strike) => {
      strike();
      for (;;);
    },
    victim: aborted,
    worker: ends,
  },
  {
    name: 'endless wait, abort',
    options: { graceful },
    abort: reason,
    die: (strike) => (strike(), never()),
    victim: aborted,
    worker: goesOn,
  },
  {
    name: 'can never settle',
    die: (strike) => (strike(), new Promise(() => {})),
    victim: isKind(HeddleError, /^victim can never settle: /),
    worker: goesOn,
    needsQuiet: true,
  },
];

const unsendable: Way[] = [
  {
    name: 'result cannot be sent',
    die: (strike) => (strike(), { rows: [new WeakMap()] }),
    victim: isKind(SerializationError, /^(?:result|values\[7\])\.rows\[0\]: a WeakMap cannot cross/),
    worker: goesOn,
  },
  {
    name: 'error cannot be sent',
    die: (strike) => {
      strike();
      // oxlint-disable-next-line typescript/only-throw-error -- that is what is tried
      throw new WeakMap();
    },
    victim: ({ ok, value }) => {
      assert.ok(!ok && value instanceof Error, `expected an error, got ${String(value)}`);
      assert.match((value.cause as Error).message, /^the thrown value itself could not be sent: .*WeakMap/);
    },
    worker: goesOn,
  },
];

/** The message says how the last worker that was tried came to its end. */
const broken =
  (thread: RegExp, process: RegExp = thread): Check =>
  ({ ok, value }, { kind }) => {
    const Broken = kind === 'thread' ? BrokenThreadPool : BrokenProcessPool;
    assert.ok(!ok && value instanceof Broken, `expected ${Broken.name}, got ${String(value)}`);
    assert.match(value.message, kind === 'thread' ? thread : process);
    assert.match((value.cause as Error).message, kind === 'thread' ? thread : process);
  };

const startFailures: [name: string, options: NonNullable<Way['options']>, check: Check, after?: number][] = [
  ['execArgv is bad', { execArgv: ['--no-such-option'] }, broken(/--no-such-option/, /worker process .*exited with code 9 before/)],
  [
    'preloaded module throws',
    { execArgv: ['--import', 'data:text/javascript,throw new RangeError("broken preload")'] },
    broken(/broken preload/, /worker process .*exited with code 1 before/),
  ],
  ['initializer throws', { initializer: () => Promise.reject(new RangeError('broken initializer')) }, broken(/broken initializer/)],
  ['initializer exits', { initializer: () => process.exit(5) }, broken(/exited with code 5 before/)],
  [
    'initializer never ends',
    {
      startTimeout,
      initializer: () => {
        for (;;);
      },
    },
    broken(/not ready within 500 ms/),
    startTimeout,
  ],
  ['initializer cannot settle', { initializer: () => new Promise(() => {}) }, broken(/can never settle/)],
];

const starts: Way[] = startFailures.map(([name, options, check, after]) => ({
  name,
  options,
  die: (strike) => strike(),
  victim: check,
  others: check,
  worker: none,
  after: after ?? 0,
}));

export const ways: { readonly [group: string]: readonly Way[] } = { exits, stalls, unsendable, starts };

export type { Kind };
