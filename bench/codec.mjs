/**
 * What the codec costs beside V8's serializer and structuredClone: encode and decode once each, on everyday values.
 *
 *   npx tsc -b && node bench/codec.mjs
 *
 * Each figure is the median of several rounds; the rounds of the three are interleaved, so that they see the same machine.
 */

import { deserialize, serialize } from 'node:v8';
import { decode, encode } from '../dist/codec/index.js';

const border = { kind: 'process' };

class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

const values = {
  'small object': { id: 17, name: 'a name', tags: ['a', 'b'], done: false },
  number: 12345,
  'short string': 'hello, world',
  '1,000 integers': Array.from({ length: 1000 }, (_, i) => i * 7),
  '1,000 doubles': Array.from({ length: 1000 }, (_, i) => i / 7),
  '10,000 strings': Array.from({ length: 10_000 }, (_, i) => `item number ${i}`),
  '1,000 records': Array.from({ length: 1000 }, (_, i) => ({ id: i, name: `name ${i}`, score: i / 3, active: i % 2 === 0 })),
  '1 MiB Uint8Array': new Uint8Array(1 << 20).fill(7),
  '1 MiB string': 'x'.repeat(1 << 20),
  'Map of 1,000': new Map(Array.from({ length: 1000 }, (_, i) => [`key ${i}`, i])),
  error: new RangeError('out of range'),
};

const ways = {
  heddle: (value) => decode(encode(value, { border }), border),
  v8: (value) => deserialize(serialize(value)),
  clone: (value) => structuredClone(value),
};

function time(run, value, ms) {
  let count = 0;
  const start = process.hrtime.bigint();
  const end = start + BigInt(ms * 1e6);
  let now = start;
  while (now < end) {
    for (let i = 0; i < 8; i += 1) run(value);
    count += 8;
    now = process.hrtime.bigint();
  }
  return Number(now - start) / count;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const show = (ns) => (ns > 1e6 ? `${(ns / 1e6).toFixed(2)} ms` : ns > 1e3 ? `${(ns / 1e3).toFixed(2)} µs` : `${ns.toFixed(0)} ns`);

console.log(`${'value'.padEnd(18)}${'heddle'.padStart(12)}${'v8'.padStart(12)}${'clone'.padStart(12)}   faster than v8, than clone`);
for (const [name, value] of Object.entries(values)) {
  const taken = { heddle: [], v8: [], clone: [] };
  for (let round = 0; round < 7; round += 1) {
    for (const [way, run] of Object.entries(ways)) taken[way].push(time(run, value, 40));
  }
  const [ours, v8, clone] = [median(taken.heddle), median(taken.v8), median(taken.clone)];
  const columns = [ours, v8, clone].map((ns) => show(ns).padStart(12)).join('');
  console.log(`${name.padEnd(18)}${columns}   ${(v8 / ours).toFixed(2)} ×  ${(clone / ours).toFixed(2)} ×`);
}
const points = Array.from({ length: 1000 }, (_, i) => new Point(i, -i));
console.log(
  `${'1,000 instances'.padEnd(18)}${show(median(Array.from({ length: 7 }, () => time(ways.heddle, points, 40)))).padStart(12)}   (of a class; the others lose the class)`,
);
