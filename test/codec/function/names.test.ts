import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import * as path from 'node:path';
import fs from 'node:fs';
import { valueNamed, wellKnownFunction, wellKnownObject } from '#src/codec/function/analyse/names.js';
import { loadModules, moduleLoaded } from '#src/codec/function/serialize/modules.js';
import { decode, encode, prepare } from '#src/codec/index.js';
import { Process } from '#src/process/index.js';
import { Thread, Timer } from '#src/thread/index.js';

const noModule = (): never => assert.fail('no module should be needed');

test('every built-in function that has a name is found again under the name it travels by', () => {
  let found = 0;
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const holder: unknown = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
    if ((typeof holder !== 'function' && typeof holder !== 'object') || holder === null || holder === globalThis) continue;
    for (const on of [holder, Object.getOwnPropertyDescriptor(holder, 'prototype')?.value as unknown]) {
      if (on === undefined || on === null) continue;
      for (const { value } of Object.values(Object.getOwnPropertyDescriptors(on))) {
        if (typeof value !== 'function') continue;
        const known = wellKnownFunction(value as never);
        if (known === undefined) continue;
        assert.equal(valueNamed(known, noModule), value, known);
        found += 1;
      }
    }
  }
  assert.ok(found > 400, `${found}`);
});

const named: [unknown, string][] = [
  [Math.max, 'Math.max'],
  [JSON.parse, 'JSON.parse'],
  [Array.prototype.map, 'Array.prototype.map'],
  [structuredClone, 'structuredClone'],
  [console.log, 'console.log'],
  [Buffer.from, 'Buffer.from'],
  [fs.readFileSync, 'node:fs#readFileSync'],
  [path.join, 'node:path#join'],
];

for (const [fn, name] of named) {
  test(`${name} travels by that name`, () => assert.equal(wellKnownFunction(fn as never), name));
}

test('fs.promises.readFile travels by a name whichever way it was got', () => {
  const name = wellKnownFunction(fs.promises.readFile);
  assert.ok(name !== undefined);
  assert.equal(valueNamed(name, noModule), fs.promises.readFile);
});

test('a lazy global is found without loading any other', () => {
  assert.equal(wellKnownObject(performance), 'performance');
  assert.equal(wellKnownObject(Math), 'Math');
  assert.equal(wellKnownObject(process.env), 'process.env');
  assert.equal(wellKnownObject(globalThis), 'globalThis');
});

test("a namespace of Node's module is that namespace again", async () => {
  const name = wellKnownObject(path);
  assert.equal(name, 'node:path#*');
  await loadModules(['node:path']);
  assert.equal(valueNamed('node:path#*', moduleLoaded), path);
});

test('objects and functions of the program have no such name', () => {
  assert.equal(wellKnownObject({ log: console.log }), undefined);
  assert.equal(wellKnownObject(new (class Performance {})()), undefined);
  assert.equal(
    wellKnownFunction(function max() {}),
    undefined,
  );
});

test('Process, Thread and Timer cross by their names, and as parents of other classes, without a look at a script of heddle', async () => {
  class Own extends Process {}
  const seen: string[] = [];
  const listen = (message: unknown): void => void seen.push((message as { name: string }).name);
  subscribe('heddle:functionCaptured', listen);
  const packet = encode([Process, Thread, Timer, Own], { root: 'value', border: { kind: 'process' } });
  unsubscribe('heddle:functionCaptured', listen);
  assert.deepEqual(seen, ['Own']);
  await prepare(packet);
  const [process, thread, timer, own] = decode(packet, { kind: 'process' }) as unknown[];
  assert.deepEqual([process, thread, timer], [Process, Thread, Timer]);
  assert.equal(Object.getPrototypeOf(own), Process);
});
