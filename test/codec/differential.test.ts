/** Random values cross exactly as `structuredClone` copies them, on each way that there is. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cross, kinds } from './cross.js';
import { decodeMessage, takeEncoder } from '#src/codec/index.js';
import { difference } from './same-graph.js';

const isLong = process.env['HEDDLE_LONG'] === '1';
const runs = isLong ? 60_000 : 1_000;

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
);
const longText = fc.tuple(text, fc.nat(200)).map(([part, times]) => part.repeat(times));
const key = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '0', '-1', '4294967295', 'a', 'b', ''), text);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, NaN, Infinity, 63, 64, -1, 2 ** 31, 127, 128, 255, 256, 32_767, 32_768),
);
const bytes = fc.uint8Array({ maxLength: 40 });

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: number },
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: longText },
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n })),
);

/** Objects without references to other nodes. */
const simple: fc.Arbitrary<object> = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(/a/g, /[\u{1f600}\ud800]/u, /(?:)/, new RegExp('\n/', 'dimsy')),
  fc.oneof(number, text, fc.boolean(), fc.bigInt()).map((value) => Object(value) as object),
  fc.array(number, { maxLength: 12 }),
  fc.array(fc.nat(70_000), { maxLength: 80 }),
  bytes,
  fc.float32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
  fc.int16Array({ maxLength: 9 }),
  fc.uint8ClampedArray({ maxLength: 9 }),
  fc.bigInt64Array({ maxLength: 5 }),
  bytes.map((list) => list.buffer),
  fc.tuple(bytes, fc.nat(7)).map(([list, from]) => new DataView(list.buffer, Math.min(from, list.byteLength))),
);

const builders = ['array', 'holes', 'object', 'map', 'set', 'views', 'wide', 'rows', 'fields'] as const;

interface Plan {
  readonly kind: (typeof builders)[number];
  readonly keys: readonly string[];
  /** A number names another node, by its place from here. */
  readonly children: readonly ({ leaf: unknown } | { node: number } | { simple: object })[];
}

const child = fc.oneof(
  { weight: 5, arbitrary: leaf.map((value) => ({ leaf: value })) },
  { weight: 3, arbitrary: fc.nat(30).map((node) => ({ node })) },
  { weight: 1, arbitrary: simple.map((object) => ({ simple: object })) },
);

const plan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom(...builders),
  keys: fc.array(key, { maxLength: 6 }),
  children: fc.array(child, { maxLength: 6 }),
});

/** Any graph: first the nodes, then what they refer to, so that everything may lead to everything. */
function graphOf(plans: readonly Plan[]): object | undefined {
  const nodes = plans.map(({ kind }) => shell(kind));
  plans.forEach((one, i) => {
    const children = one.children.map((item) =>
      'leaf' in item ? item.leaf : 'simple' in item ? item.simple : nodes[item.node % nodes.length],
    );
    fill(nodes[i] as object, one, children);
  });
  return nodes[0];
}

function shell(kind: Plan['kind']): object {
  if (kind === 'map') return new Map();
  if (kind === 'set') return new Set();
  return ['array', 'holes', 'views', 'rows', 'fields'].includes(kind) ? [] : {};
}

function fill(node: object, { kind, keys }: Plan, children: readonly unknown[]): void {
  const set = (name: string, value: unknown): void => {
    Object.defineProperty(node, name, { value, writable: true, enumerable: true, configurable: true });
  };
  if (node instanceof Map) children.forEach((value, i) => node.set(i % 2 === 0 ? value : (keys[i] ?? i), value));
  else if (node instanceof Set) children.forEach((value) => node.add(value));
  else if (kind === 'holes') {
    children.forEach((value, i) => ((node as unknown[])[i * 2 + (keys[i]?.length ?? 0) * 3] = value));
    (node as unknown[]).length += keys.length * 20;
  } else if (kind === 'views') {
    const buffer = new ArrayBuffer(32);
    (node as unknown[]).push(new Uint8Array(buffer, 3, 5), buffer, new Float64Array(buffer, 8, 2), new Uint16Array(buffer));
  } else if (kind === 'rows') {
    for (const value of children) (node as unknown[]).push({ id: value, label: 'x', more: null }, { label: 'x', id: value });
  } else if (kind === 'wide') {
    for (let i = 0; i < 60; i += 1) set(`${keys[0] ?? 'k'}${i}`, children[i % children.length]);
  } else if (Array.isArray(node)) {
    node.push(...children);
    if (kind === 'fields') keys.forEach((name, i) => name !== 'length' && set(name, children[i % children.length]));
  } else keys.forEach((name, i) => set(name, children[i % children.length]));
}

// A failure is told by its plan: of some graphs, as of arrays with a `constructor` of their own, fast-check cannot make a text.
const subject = fc.oneof(
  { weight: 4, arbitrary: fc.array(plan, { minLength: 1, maxLength: 12 }).map((plans) => ({ plans })) },
  { weight: 1, arbitrary: leaf.map((value) => ({ value })) },
  { weight: 1, arbitrary: simple.map((value) => ({ value })) },
);

for (const kind of kinds) {
  test(`a random value differs from its structured clone after crossing to a ${kind}`, () => {
    fc.assert(
      fc.property(subject, (one) => {
        const value = 'plans' in one ? graphOf(one.plans) : one.value;
        assert.equal(difference(structuredClone(value), cross(value, kind)), undefined);
      }),
      { numRuns: runs },
    );
  });
}

/** Trees of what flat messages are made of; now and then something else, or an object for the second time. */
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: leaf },
    { weight: 3, arbitrary: fc.array(fc.tuple(key, tie('node')), { maxLength: 5 }).map(objectOf) },
    { weight: 2, arbitrary: fc.array(tie('node'), { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.array(tie('node'), { minLength: 1, maxLength: 2 }).map(([one, other]) => [one, other, one]) },
    { weight: 1, arbitrary: fc.array(fc.option(leaf, { nil: undefined }), { maxLength: 8 }).map(withHoles) },
    { weight: 1, arbitrary: simple },
  ),
})).node;

function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [name, value] of entries) Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  return object;
}

function withHoles(list: readonly unknown[]): unknown[] {
  const array: unknown[] = [];
  array.length = list.length;
  list.forEach((value, i) => value !== undefined && (array[i] = value));
  return array;
}

/** Across as a message, read as what it says it is; and a flat one by the general decoder, too. */
function acrossAsMessages(value: unknown, isGeneral: boolean): unknown[] {
  const encoder = takeEncoder();
  encoder.encode(value, { isGeneral });
  const bytes = encoder.bytes.slice(encoder.start, encoder.end);
  encoder.release();
  const first = decodeMessage(bytes, 0, bytes.length);
  if (bytes[0] !== 0) return [first];
  bytes[0] = 1;
  return [first, decodeMessage(bytes, 0, bytes.length)];
}

for (const [name, values] of Object.entries({ graph: subject, tree: tree.map((value) => ({ value })) })) {
  test(`a random ${name} is its structured clone after crossing as a message, whichever way it is written and read`, () => {
    fc.assert(
      fc.property(values, (one) => {
        const value = 'plans' in one ? graphOf(one.plans) : one.value;
        const clone = structuredClone(value);
        for (const isGeneral of [false, true])
          for (const arrived of acrossAsMessages(value, isGeneral)) assert.equal(difference(clone, arrived), undefined);
      }),
      { numRuns: runs },
    );
  });
}
