/** A value that cannot cross is refused with the path to it, and nothing has changed. */

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import test from 'node:test';
import { runInNewContext } from 'node:vm';
import { encode, move, registerReducer } from '#src/codec/index.js';
import { SerializationError } from '#src/errors.js';
import { captureFunction } from '#src/codec/host.js';
import { Future, ThreadPoolExecutor } from '#src/pool/index.js';
import { kinds, refusal } from './cross.js';

const outer = { of: 'a closure' };
class PlainError extends Error {
  readonly detail = { a: [1] };
}
class Plain {
  readonly detail = { a: [1] };
}
class Account {
  readonly #held: unknown;
  constructor(held: unknown) {
    this.#held = held;
  }
  static {
    registerReducer(Account, { reduce: (account) => account.held, rebuild: (held) => new Account(held) });
  }
  get held(): unknown {
    return this.#held;
  }
}
const reducer = (name: string): string => `registerReducer(${name}, { reduce, rebuild }) says how it is made anew`;

class Wallet {
  #coins = 3;
  get coins(): number {
    return this.#coins;
  }
}

const anyKind = 'hand over what it is made from, and make it inside the function';
const weak = 'a Map, a Set or the object itself can';
const items = 'hand over its items as an array, [...it], or make it inside the function';
const awaited = 'await it first, and hand over its result';

/** The value, and the whole message. */
const cases: readonly (readonly [() => unknown, string])[] = [
  [() => [{ rows: [{}, {}, {}, { handle: new Socket() }] }], `args[0].rows[3].handle: a Socket cannot cross: ${anyKind}`],
  [
    () => [
      new Map<unknown, unknown>([
        ['a', 1],
        ['key', Promise.resolve()],
      ]),
    ],
    `args[0].get("key"): a Promise cannot cross: ${awaited}`,
  ],
  [() => [new Map<unknown, unknown>([[{ k: new WeakMap() }, 1]])], `args[0].keys()[0].k: a WeakMap cannot cross: ${weak}`],
  [() => [new Set<unknown>([1, 2, new WeakSet()])], `args[0].values()[2]: a WeakSet cannot cross: ${weak}`],
  [() => [{ 'odd key': new WeakRef({}) }], `args[0]["odd key"]: a WeakRef cannot cross: ${weak}`],
  [() => [{ [Symbol.for('s')]: new FinalizationRegistry(() => 0) }], `args[0][Symbol(s)]: a FinalizationRegistry cannot cross: ${weak}`],
  [() => [new Proxy({}, {})], 'args[0]: a Proxy cannot cross: the object behind it can'],
  [() => [Object.create(new Proxy({}, {}))], 'args[0].[[Prototype]]: a Proxy cannot cross: the object behind it can'],
  [() => [new Proxy(() => 0, {})], 'args[0]: a Proxy cannot cross: the function behind it can'],
  [() => [(function* () {})()], `args[0]: a Generator cannot cross: ${items}`],
  [() => [(async function* () {})()], `args[0]: an AsyncGenerator cannot cross: ${items}`],
  [() => [[1].values()], `args[0]: an Array Iterator cannot cross: ${items}`],
  [() => [new Map().entries()], `args[0]: a Map Iterator cannot cross: ${items}`],
  [() => [Symbol('mine')], 'args[0]: Symbol(mine) cannot cross: only registered symbols can, Symbol.for(…)'],
  [() => [Readable.from([])], `args[0]: a Readable cannot cross: ${anyKind}`],
  [() => [new EventTarget()], `args[0]: an EventTarget cannot cross: ${anyKind}`],
  [() => [new AbortController()], 'args[0]: an AbortController cannot cross: its signal can'],
  [() => [new Blob([])], 'args[0]: a Blob cannot cross: its bytes can, await blob.arrayBuffer()'],
  [() => [new Response('')], `args[0]: a Response cannot cross: ${anyKind}`],
  [() => [new ReadableStream()], `args[0]: a ReadableStream cannot cross: ${anyKind}`],
  [() => [new Intl.NumberFormat()], `args[0]: a NumberFormat cannot cross: ${anyKind}`],
  [
    () => [
      new (class {
        static name = Symbol('mine');
        #p = 1;
        p = (): number => this.#p;
      })(),
    ],
    `args[0]: an instance of a class without a name cannot cross: its #p cannot be seen from outside: ${reducer('…')}`,
  ],
  [
    () => [new (class extends Socket {})()].map((socket) => Object.defineProperty(socket.constructor, 'name', { value: '' }) && socket),
    'args[0]: an instance of a class without a name cannot cross: hand over what it is made from, and make it inside the function',
  ],
  [() => [new Wallet()], `args[0]: a Wallet cannot cross: its #coins cannot be seen from outside: ${reducer('Wallet')}`],
  [
    () => [{ deep: [new (class Purse extends Wallet {})()] }],
    `args[0].deep[0]: a Purse cannot cross: its #coins cannot be seen from outside: ${reducer('Purse')}`,
  ],
  [() => [runInNewContext('new WeakMap()')], `args[0]: a WeakMap cannot cross: ${weak}`],
  [
    () => [
      {
        get x() {
          throw new RangeError('boo');
        },
      },
    ],
    'args[0].x: reading it threw RangeError: boo',
  ],
  // The path of what follows something else is its own.
  [() => [new PlainError('fine'), { x: new WeakMap() }], `args[1].x: a WeakMap cannot cross: ${weak}`],
  [() => [{ e: new PlainError('fine'), x: new WeakMap() }], `args[0].x: a WeakMap cannot cross: ${weak}`],
  [
    () => [Object.assign(new PlainError('e'), { cause: new PlainError('fine'), x: new WeakMap() })],
    `args[0].x: a WeakMap cannot cross: ${weak}`,
  ],
  [() => [new AggregateError([new PlainError('fine')]), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [new DOMException('fine'), [new WeakMap()]], `args[1][0]: a WeakMap cannot cross: ${weak}`],
  [() => [new Plain(), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [new (class Rows extends Map<number, number> {})([[1, 2]]), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [Object.create({ inherited: 1 }), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [Object.defineProperty({}, 'hidden', { value: 1 }), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [Object.assign([1], { label: 1 }), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [() => outer, new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [new Account(1), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
  [() => [new Account(Promise.resolve())], `args[0] → reduce(): a Promise cannot cross: ${awaited}`],
  [() => [AbortSignal.abort(new PlainError('fine')), new WeakMap()], `args[1]: a WeakMap cannot cross: ${weak}`],
];

const client = new Socket();
const config = { host: 'localhost', deep: { client } };
const seen = new WeakSet();
/** Closures over what cannot cross, as schemas of validation libraries are. */
const schema = { parse: (value: object) => seen.has(value) };
const wallet = new Wallet();
const promise = Promise.resolve();
const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
const future = new Future(() => undefined);
const { resolve } = withResolvers();
const inner = (): boolean => client.destroyed;
class Safe {
  #code = 5;
  read(): number {
    return this.#code;
  }
}
const elsewhere = (name: string): string =>
  `make ${name} inside the function, or export it from a module of its own, which is imported again there`;
const partOf = (name: string): string =>
  `take what is needed of ${name} into a variable, or export ${name} from a module of its own, which is imported again there`;

/** Functions, each with the whole message. */
const functions: readonly (readonly [(...args: never[]) => unknown, string])[] = [
  [() => client, `client: a Socket cannot cross: ${elsewhere('client')}`],
  [() => config, `config.deep.client: a Socket cannot cross: ${partOf('config')}`],
  [() => inner(), `inner → client: a Socket cannot cross: ${elsewhere('client')}`],
  [() => schema, `schema.parse → seen: a WeakSet cannot cross: ${elsewhere('schema')}`],
  [() => seen, `seen: a WeakSet cannot cross: ${elsewhere('seen')}`],
  [() => wallet, `wallet: a Wallet cannot cross: its #coins cannot be seen from outside: ${elsewhere('wallet')}; or ${reducer('Wallet')}`],
  [() => promise, `promise: a Promise cannot cross: ${awaited}`],
  [() => pool, 'pool: a ThreadPoolExecutor cannot cross: it belongs to the thread that made it: make one inside the function'],
  [() => future, `future: a Future cannot cross: ${awaited}`],
  [
    () => resolve,
    'resolve: native function (anonymous) cannot cross: hand over a function of your own, and call this one here with its result',
  ],
  [
    () => read,
    'read: code that uses #code cannot be shipped without its class: hand over an object of the class, and call its method there',
  ],
  [
    () => evaluates,
    'evaluates: code that calls eval cannot be shipped, for it may read any variable around it: indirect eval, (0, eval)(text), sees none and can be shipped',
  ],
];
const { read } = Safe.prototype;
// oxlint-disable-next-line no-eval -- the case
const evaluates = (text: string): unknown => eval(text);

function withResolvers(): { resolve: () => void } {
  let resolve!: () => void;
  void new Promise<void>((its) => (resolve = its));
  return { resolve };
}

for (const kind of kinds) {
  for (const [fn, message] of functions) {
    test(`a function to a ${kind}: ${message}`, () => {
      const named = Object.defineProperty(fn, 'name', { value: 'worker' });
      assert.throws(() => captureFunction(named, { kind }), { name: 'SerializationError', message: `worker → ${message}` });
    });
  }

  test(`the remedy for a result of a ${kind} is what to return`, () => {
    const said = (value: unknown): string => refusal(value, kind, { root: 'result' });
    assert.equal(said({ client }), 'result.client: a Socket cannot cross: return what is needed of it');
    assert.equal(said([promise]), 'result[0]: a Promise cannot cross: await it before the function returns');
    assert.equal(
      said([1].values()),
      'result: an Array Iterator cannot cross: return its items as an array, [...it], or call stream() instead of submit()',
    );
    assert.equal(said(pool), 'result: a ThreadPoolExecutor cannot cross: it belongs to the thread that made it');
  });

  test(`a function that was sent before is called by its new name in a refusal to a ${kind}`, () => {
    let held: unknown = { ok: 1 };
    const holder = { held };
    const first = (): unknown => holder;
    const { message: before } = refusalOf(() => captureFunction(() => first(), { kind }));
    assert.equal(before, undefined);
    held = new WeakMap();
    holder.held = held;
    const second = (): unknown => first();
    assert.equal(
      refusalOf(() => captureFunction(second, { kind })).message,
      `second → first → holder.held: a WeakMap cannot cross: ${partOf('holder')}`,
    );
    assert.equal(refusal([1, first], kind), `args[1] → holder.held: a WeakMap cannot cross: ${partOf('holder')}`);
  });

  test(`a variable that is not initialised yet is named in the refusal to a ${kind}`, () => {
    const worker = (): unknown => late;
    assert.throws(() => captureFunction(worker, { kind }), {
      message: 'worker → late: the variable is not initialised yet: hand the function over after the declaration has run',
    });
    const late = process.pid;
  });

  test(`a stream of Node's is refused to a ${kind} by its class`, () => {
    assert.match(
      refusal([process.stdin], kind),
      /^args\[0\]: an? \w+ cannot cross: hand over what it is made from, and make it inside the function$/,
    );
  });

  for (const [make, message] of cases) {
    test(`to a ${kind}: ${message}`, () => {
      assert.equal(refusal(make(), kind), message);
    });
  }

  test(`a handle of Node's that no module exports crosses to a ${kind}`, async () => {
    const handle = await open(new URL(import.meta.url));
    try {
      assert.match(refusal([handle], kind), /^args\[0\]: .*FileHandle cannot cross/);
    } finally {
      await handle.close();
    }
    const timer = setTimeout(() => 0, 0);
    clearTimeout(timer);
    assert.match(refusal([timer], kind), /^args\[0\]: .*Timeout cannot cross/);
  });

  test(`the error of a getter is not the cause of the refusal at a ${kind}`, () => {
    const error = new RangeError('boo');
    const value = {
      get x() {
        throw error;
      },
    };
    assert.throws(
      () => encode(value, { border: { kind } }),
      (thrown: unknown) => thrown instanceof SerializationError && thrown.cause === error,
    );
  });

  test(`a buffer is taken away though the ${kind} message was refused`, () => {
    const buffer = new ArrayBuffer(100_000);
    move(buffer);
    refusal([buffer, new WeakMap()], kind);
    assert.equal(buffer.byteLength, 100_000);
  });

  test(`an EventEmitter's own state does not reach a ${kind}`, () => {
    class Job extends EventEmitter {
      step = 1;
    }
    assert.doesNotThrow(() => encode(new Job(), { border: { kind } }));
  });

  test(`a path through 100,000 levels to a ${kind} cannot be told`, () => {
    let list: unknown = new WeakMap();
    for (let i = 0; i < 100_000; i += 1) list = { next: list };
    const said = refusal(list, kind);
    assert.match(said, /^args\.next\.next.* … .*\.next: a WeakMap cannot cross: a Map, a Set or the object itself can$/);
    assert.ok(said.length < 1000);
  });
}

test('what only threads can share is refused to a process, and the remedy is share() or a thread', () => {
  const { port1 } = new MessageChannel();
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: new (options: object) => object } };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const how =
    'only threads of one process can share it: use share(), whose arrays processes see, too, a ThreadPoolExecutor, or hand over a copy of its bytes';
  assert.equal(refusal([new SharedArrayBuffer(8)], 'process'), `args[0]: a SharedArrayBuffer cannot cross to a process: ${how}`);
  assert.equal(
    refusal([new Int32Array(new SharedArrayBuffer(8))], 'process'),
    `args[0]: a SharedArrayBuffer cannot cross to a process: ${how}`,
  );
  assert.equal(refusal([memory], 'process'), `args[0]: a WebAssembly.Memory cannot cross to a process: ${how}`);
  assert.equal(
    refusal([port1], 'process'),
    'args[0]: a MessagePort cannot cross to a process: only a thread can take it over: use a ThreadPoolExecutor',
  );
  port1.close();
});

function refusalOf(call: () => unknown): { message?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return {};
}
