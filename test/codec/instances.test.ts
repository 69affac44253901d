/** Instances of classes, there and back, and objects with other prototypes. */

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import * as namespace from 'node:path';
import test from 'node:test';
import { types } from 'node:util';
import { cross, crossWithModules, kinds } from './cross.js';

class Plain {
  static made = 0;
  name: string;
  self: Plain;
  constructor(name: string) {
    Plain.made += 1;
    this.name = name;
    this.self = this;
  }
  set label(value: string) {
    throw new Error(`a setter ran with ${value}`);
  }
  shout(): string {
    return this.name.toUpperCase();
  }
}

class Louder extends Plain {
  volume = 11;
  override shout(): string {
    return `${super.shout()}!`;
  }
}

class Registry extends Map<string, number> {
  owner = 'nobody';
  total(): number {
    return [...this.values()].reduce((a, b) => a + b, 0);
  }
}
class Tags extends Set<string> {
  kind = 'tags';
}
class Row extends Array<number> {
  title = '';
  sum(): number {
    return this.reduce((a, b) => a + b, 0);
  }
}
class Moment extends Date {
  zone = 'UTC';
}
class Pattern extends RegExp {
  hits = 3;
}
class Bytes extends Uint8Array {
  label = 'b';
}

for (const kind of kinds) {
  test(`an instance loses fields, methods or accessors on its way to a ${kind}`, () => {
    const made = Plain.made;
    const there = cross(new Louder('hello'), kind);
    assert.equal(Plain.made, made + 1, 'a constructor ran');
    assert.equal(there.shout(), 'HELLO!');
    assert.equal(there.self, there);
    assert.deepEqual(Object.keys(there), ['name', 'self', 'volume']);
    assert.equal(Object.getPrototypeOf(Object.getPrototypeOf(there)).constructor.name, 'Plain');
  });

  test(`many instances of one class are of many classes in a ${kind}`, () => {
    const there = cross(
      Array.from({ length: 50 }, (_, i) => new Plain(`n${i}`)),
      kind,
    );
    assert.equal(new Set(there.map((one) => one.constructor)).size, 1);
    assert.equal(there[49]?.name, 'n49');
  });

  test(`an own field runs the setter of the same name in a ${kind}`, () => {
    const object = Object.defineProperty(new Plain('x'), 'label', { value: 5, enumerable: true, configurable: true, writable: true });
    assert.equal(Object.getOwnPropertyDescriptor(cross(object, kind), 'label')?.value, 5);
  });

  test(`instances of subclasses of built-in classes lose one half on their way to a ${kind}`, () => {
    const registry = Object.assign(
      new Registry([
        ['a', 1],
        ['b', 2],
      ]),
      { owner: 'me' },
    );
    const row = Object.assign(Row.from([1, 2, 3]) as Row, { title: 'row' });
    const there = cross(
      { registry, row, tags: new Tags(['x']), moment: new Moment(5), pattern: new Pattern('a+', 'g'), bytes: new Bytes([1, 2]) },
      kind,
    );
    assert.ok(types.isMap(there.registry));
    assert.deepEqual([there.registry.total(), there.registry.owner, there.registry.size], [3, 'me', 2]);
    assert.ok(Array.isArray(there.row));
    assert.deepEqual([there.row.sum(), there.row.title, there.row.length], [6, 'row', 3]);
    assert.deepEqual([there.tags.has('x'), there.tags.kind], [true, 'tags']);
    assert.deepEqual([there.moment.getTime(), there.moment.zone], [5, 'UTC']);
    assert.deepEqual(['caat'.replace(there.pattern, '-'), there.pattern.hits], ['c-t', 3]);
    assert.deepEqual([[...there.bytes], there.bytes.label, there.bytes.constructor.name], [[1, 2], 'b', 'Bytes']);
  });

  test(`a built-in instance that holds itself does not so in a ${kind}`, () => {
    const registry = new Registry() as Registry & Map<unknown, unknown> & { self?: unknown };
    registry.self = registry;
    registry.set(registry as never, registry as never);
    const there = cross(registry, kind);
    assert.equal(there.self, there);
    assert.equal(there.get(there as never), there);
  });

  test(`an object made by Object.create loses what it inherits on its way to a ${kind}`, () => {
    const base = {
      greet(this: { name: string }): string {
        return `hi ${this.name}`;
      },
      shared: [1],
    };
    const [a, b] = [
      Object.assign(Object.create(base) as typeof base, { name: 'a' }),
      Object.assign(Object.create(base) as typeof base, { name: 'b' }),
    ];
    const there = cross([a, b] as const, kind);
    assert.equal(there[0].greet(), 'hi a');
    assert.equal(Object.getPrototypeOf(there[0]), Object.getPrototypeOf(there[1]));
    assert.deepEqual(Object.keys(there[0]), ['name']);
  });

  test(`listeners of an EventEmitter are deaf in a ${kind}`, () => {
    class Job extends EventEmitter {
      steps: string[] = [];
    }
    const job = new Job();
    job.on('step', function (this: Job, name: string) {
      this.steps.push(name);
    });
    const there = cross(job, kind);
    there.emit('step', 'one');
    assert.deepEqual(there.steps, ['one']);
    assert.deepEqual(job.steps, []);
  });

  test(`an EventEmitter that captures rejections does so in a ${kind}`, async () => {
    for (const Class of [EventEmitter, class extends EventEmitter {}]) {
      for (const captureRejections of [true, false]) {
        const there = cross(new Class({ captureRejections }), kind);
        let caught: unknown;
        there.on('error', (error) => (caught = error));
        const reject = async (): Promise<void> => {
          if (captureRejections) throw new Error('in a listener');
        };
        there.on('step', reject as () => void);
        there.emit('step');
        await new Promise(setImmediate);
        assert.equal((caught as Error | undefined)?.message, captureRejections ? 'in a listener' : undefined);
        assert.deepEqual(
          Object.getOwnPropertySymbols(there).map(({ description }) => description),
          captureRejections ? ['kCapture'] : [],
        );
      }
    }
  });

  test(`what was put on an ArrayBuffer arrives with a view of it in a ${kind}`, () => {
    for (const size of [8, 100_000]) {
      const view = new Uint8Array(size).fill(3);
      Object.assign(view.buffer, { unit: 'mm' });
      const there = cross([view, new DataView(view.buffer)] as const, kind);
      assert.deepEqual((there[0].buffer as unknown as { unit: string }).unit, 'mm');
      assert.deepEqual([there[0].length, there[0][1], there[1].buffer === there[0].buffer], [size, 3, true]);
      const buffer = cross(Buffer.from(view.buffer), kind);
      assert.ok(Buffer.isBuffer(buffer));
      assert.equal((buffer.buffer as unknown as { unit: string }).unit, 'mm');
    }
  });

  test(`what every Node has is copied to a ${kind} instead of named`, async () => {
    const all = { console, Math, JSON, process, globalThis, fs: namespace, Intl, Reflect, max: Math.max };
    for (const [name, value] of Object.entries(await crossWithModules(all, kind))) assert.equal(value, all[name as keyof typeof all], name);
  });

  test(`an instance of a function of old times is a plain object in a ${kind}`, () => {
    function Old(this: { n: number }): void {
      this.n = 1;
    }
    Old.prototype.twice = function (this: { n: number }) {
      return this.n * 2;
    };
    const there = cross(new (Old as unknown as new () => { n: number; twice(): number })(), kind);
    assert.equal(there.twice(), 2);
  });
}
