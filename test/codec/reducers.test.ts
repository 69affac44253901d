/** Classes that say for themselves what they are made of. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { ThreadPoolExecutor } from '#src/index.js';
import { registerReducer } from '#src/codec/index.js';
import { cross, kinds, refusal } from './cross.js';

class Account {
  #balance: number;
  owner: unknown = undefined;
  constructor(balance: number) {
    this.#balance = balance;
  }
  get balance(): number {
    return this.#balance;
  }
}

class Savings extends Account {
  rate = 3;
}

const log: string[] = [];
class Logger {
  lines = log;
}

for (const kind of kinds) {
  test(`an instance with #private fields cannot cross to a ${kind} in spite of its reducer`, () => {
    registerReducer(Account, { reduce: (account) => account.balance, rebuild: (balance) => new Account(balance) });
    const there = cross([new Account(5), new Account(6)], kind);
    assert.deepEqual(
      there.map((account) => account.balance),
      [5, 6],
    );
    assert.equal(there[0]?.constructor.name, 'Account');
  });

  test(`an instance that is shared is rebuilt twice in a ${kind}`, () => {
    registerReducer(Account, { reduce: (account) => account.balance, rebuild: (balance) => new Account(balance) });
    const account = new Account(7);
    const there = cross({ a: account, b: new Map([[account, [account]]]) }, kind);
    assert.equal(there.a, there.b.get(there.a)?.[0]);
  });

  test(`the reducer of a class is taken for one of its subclasses on the way to a ${kind}`, () => {
    assert.match(refusal(new Savings(1), kind), /^args: a Savings cannot cross: its #balance/);
  });

  test(`an instance that came to a ${kind} cannot go home`, () => {
    registerReducer(Account, { reduce: (account) => ({ balance: account.balance }), rebuild: ({ balance }) => new Account(balance) });
    assert.equal(cross(cross(new Account(9), kind), kind).balance, 9);
  });

  test(`a class that crosses to a ${kind} leaves its reducer behind`, () => {
    class Secret {
      readonly #word: string;
      constructor(word: string) {
        this.#word = word;
      }
      read(): string {
        return this.#word;
      }
    }
    registerReducer(Secret, { reduce: (secret) => secret.read(), rebuild: (word) => new Secret(word) });
    const There = cross(Secret, kind);
    assert.equal(cross(new There('made there'), kind).read(), 'made there');
  });

  test(`a reducer's data may hold anything but the instance, and says so at a ${kind}`, () => {
    class Node {
      readonly #peer: unknown;
      constructor(peer?: unknown) {
        this.#peer = peer;
      }
      get peer(): unknown {
        return this.#peer;
      }
    }
    registerReducer(Node, { reduce: (node) => ({ peer: node.peer }), rebuild: ({ peer }) => new Node(peer) });
    const chain = new Node(new Node({ deep: [new Node(5)] }));
    const there = cross(chain, kind);
    assert.equal(((there.peer as Node).peer as { deep: Node[] }).deep[0]?.peer, 5);
    const holder: { node?: Node } = {};
    holder.node = new Node(holder);
    assert.equal(((cross(holder, kind).node as Node).peer as typeof holder).node?.constructor.name, 'Node');
    const self: unknown[] = [];
    const node = new Node(self);
    self.push(node);
    assert.match(refusal(node, kind), /part of what it is made of/);
  });

  test(`a rebuild that throws spoils more than its own message at a ${kind}`, () => {
    class Bad {
      n = 1;
    }
    registerReducer(Bad, {
      reduce: () => 1,
      rebuild: () => {
        throw new RangeError('cannot rebuild');
      },
    });
    assert.throws(() => cross({ bad: new Bad(), after: [1] }, kind), /cannot rebuild/);
  });

  test(`a reduce that throws hides where at a ${kind}`, () => {
    class Unwilling {
      n = 1;
    }
    registerReducer(Unwilling, {
      reduce: () => {
        throw new RangeError('cannot reduce');
      },
      rebuild: () => new Unwilling(),
    });
    assert.match(refusal([new Unwilling()], kind), /^args\[0\] → reduce\(\): reading it threw RangeError: cannot reduce/);
    registerReducer(Unwilling, { reduce: () => ({ socket: new WeakMap() }), rebuild: () => new Unwilling() });
    assert.match(refusal([new Unwilling()], kind), /^args\[0\] → reduce\(\)\.socket: a WeakMap cannot cross/);
  });

  test(`a class without secrets cannot choose what crosses to a ${kind}`, () => {
    registerReducer(Logger, { reduce: () => null, rebuild: () => new Logger() });
    log.push('a line that stays here');
    assert.ok(cross(new Logger(), kind) instanceof Object);
  });
}

test('nonsense is registered as a reducer', () => {
  const good = { reduce: () => 1, rebuild: () => new Logger() };
  assert.throws(() => registerReducer({} as never, good), /^TypeError: expected Class to be a class, got \{\}/);
  assert.throws(() => registerReducer(Logger, undefined as never), TypeError);
  assert.throws(() => registerReducer(Logger, { reduce: 1, rebuild: good.rebuild } as never), /expected reduce to be a function, got 1/);
  assert.throws(
    () => registerReducer(Logger, { ...good, replace: 1 } as never),
    /unknown key 'replace' in a reducer: known are reduce, rebuild/,
  );
});

class Ticket {
  #number: number;
  constructor(number: number) {
    this.#number = number;
  }
  get number(): number {
    return this.#number;
  }
}
const issued: number[] = [];

test('an instance that comes home is rebuilt by the copy of its reducer from over there', async () => {
  registerReducer(Ticket, {
    reduce: (ticket) => ticket.number,
    rebuild: (number) => {
      issued.push(number);
      return new Ticket(number);
    },
  });
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const back = await pool.submit((ticket: Ticket) => ticket, new Ticket(7));
  assert.deepEqual([back.number, issued], [7, [7]]);
});
