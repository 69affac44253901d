/** `super` of a method that travels alone means the object that the method was written in. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../pool/kinds.ts';

type Fn = (...args: any[]) => any;

const parent = {
  n: 7,
  get value(): number {
    return 5;
  },
}; // prettier-ignore
const make = (): { twice(): number; twiceAsWell(): number; value: number; ['a key'](): number } =>
  ({
    __proto__: parent,
    twice() {
      return super['n' as never] * 2;
    },
    twiceAsWell() {
      return (super.valueOf as unknown as Fn) === Object.prototype.valueOf ? 1 : 0;
    },
    get value(): number {
      return super['value' as never] + 1;
    },
    ['a key']() {
      return super['n' as never] + 1;
    },
  }) as never;

class Base {
  static made = 'made';
  base(): string {
    return 'base';
  }
}
class Child extends Base {
  static override made = 'child';
  override base(): string {
    return `of ${super.base()}`;
  }
  static make(): string {
    return `${super.made}!`;
  }
}
const copies: object[] = [];

for (const { kind, shared } of kinds) {
  const submit = <R>(fn: (...args: any[]) => R, ...args: unknown[]): Promise<Awaited<R>> => shared(1).submit(fn, ...args);

  test(`a method of an object without a variable finds its parent in a ${kind}`, async () => {
    assert.equal(await submit((f: Fn) => f(), make().twice), 14);
    assert.equal(await submit((f: Fn) => f(), make()['a key']), 8);
    const { get } = Object.getOwnPropertyDescriptor(make(), 'value')!;
    copies.push([get], { get, enumerable: false, configurable: true });
    assert.equal(await submit((f: Fn) => f(), get), 6);
  });

  test(`a hidden accessor finds its parent in a ${kind}`, async () => {
    const { get } = Object.getOwnPropertyDescriptor(make(), 'value')!;
    const held = Object.defineProperty({}, 'hidden', { get: get!, configurable: true });
    assert.equal(await submit((o: { hidden: number }) => o.hidden, held), 6);
  });

  test(`a method that other objects have, too, finds the parent it was written for in a ${kind}`, async () => {
    const home = make();
    copies.push([home.twice], { home, twice: home.twice }, { other: home.twice });
    assert.equal(await submit((f: Fn) => f(), home.twice), 14);
    const { base } = Child.prototype;
    class Another {
      declare base: typeof base;
    }
    Another.prototype.base = base;
    copies.push(Another, { base });
    assert.equal(await submit((f: Fn) => f(), base), 'of base');
    const { make: makeChild } = Child;
    copies.push({ make: makeChild });
    assert.equal(await submit((f: Fn) => f(), makeChild), 'made!');
  });

  test(`a method is refused for a ${kind} if nothing tells in which object it was written`, async () => {
    const { twiceAsWell } = make();
    copies.push({ twiceAsWell });
    await assert.rejects(
      submit((f: Fn) => f(), twiceAsWell),
      {
        name: 'SerializationError',
        message:
          'args[0] → super: several objects have this method, and nothing tells which one it was written in: keep the method in one object alone, or make it a method of a class',
      },
    );
  });
}
