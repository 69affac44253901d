/**
 * The cost of the codec beside V8's serializer and structuredClone: encode and decode once each, on everyday values.
 *
 *   npm run build && node bench/codec.mjs
 *
 * Each way runs in processes of its own (the garbage of one would be cleared in another's time), in turns, so that all see
 * the same machine. Each figure is the median of the rounds.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { decode, encode } from '../build/src/codec/index.js';

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
  '1,000 instances': Array.from({ length: 1000 }, (_, i) => new Point(i, -i)),
};

const ways = {
  heddle: (value) => decode(encode(value, { border }), border),
  v8: (value) => deserialize(serialize(value)),
  clone: (value) => structuredClone(value),
};

/** Nanoseconds of processor time a run takes, so that a busy machine does not show. */
function time(run, value, ms) {
  let count = 0;
  const end = performance.now() + ms;
  const before = process.cpuUsage();
  while (performance.now() < end) {
    for (let i = 0; i < 8; i += 1) run(value);
    count += 8;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / count;
}

/** Each value once, in this process. */
function measure(way) {
  const taken = {};
  for (const [name, value] of Object.entries(values)) {
    time(ways[way], value, 200); // warm
    taken[name] = time(ways[way], value, 150);
  }
  return taken;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const show = (ns) => (ns > 1e6 ? `${(ns / 1e6).toFixed(2)} ms` : ns > 1e3 ? `${(ns / 1e3).toFixed(2)} µs` : `${ns.toFixed(0)} ns`);

function compare() {
  const rounds = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < 3; round += 1) {
    for (const way of Object.keys(ways)) {
      const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), way], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      rounds[way].push(JSON.parse(stdout));
    }
  }
  console.log(`${'value'.padEnd(18)}${'heddle'.padStart(12)}${'v8'.padStart(12)}${'clone'.padStart(12)}   faster than v8, than clone`);
  for (const name of Object.keys(values)) {
    const [ours, v8, clone] = Object.keys(ways).map((way) => median(rounds[way].map((taken) => taken[name])));
    const columns = [ours, v8, clone].map((ns) => show(ns).padStart(12)).join('');
    console.log(`${name.padEnd(18)}${columns}   ${(v8 / ours).toFixed(2)} ×  ${(clone / ours).toFixed(2)} ×`);
  }
  console.log('Instances keep their class in heddle alone.');
}

const way = process.argv[2];
if (way === undefined) compare();
else console.log(JSON.stringify(measure(way)));
