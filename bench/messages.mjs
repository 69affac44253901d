/**
 * The cost of a value on each of the codec's paths, writing and reading apart: as a packet, as a message without one by the general
 * encoder, and as a flat message; beside JSON, which covers less.
 *
 *   npm run build && node bench/messages.mjs
 *
 * Each figure is the median of the rounds, in nanoseconds of processor time. The ways take turns, so that all see the same machine.
 */

import { decode, decodeMessage, encode, takeEncoder } from '../build/src/codec/index.js';

const border = { kind: 'process' };
const rounds = 9;
const msPerRound = 30;

const values = {
  number: (i) => i * 1000,
  '{ id, name, ok }': (i) => ({ id: i, name: `name ${i}`, ok: true }),
  '10 numbers': (i) => Array.from({ length: 10 }, (_, j) => i * j),
  nested: (i) => ({ id: i, user: { name: 'Ada', tags: ['a', 'b'] }, at: { x: i / 3, y: -i }, done: false }),
};

/** Values differ, so that none is remembered; there are few enough that all stay in the cache of the processor. */
const count = 256;

function packets(list) {
  const written = list.map((value) => encode(value, { border }));
  return {
    write: (i) => encode(list[i], { border }),
    read: (i) => decode(written[i], border),
  };
}

function messages(options) {
  return (list) => {
    const encoder = takeEncoder();
    const written = list.map((value) => {
      encoder.encode(value, options);
      return encoder.bytes.slice(encoder.start, encoder.end);
    });
    encoder.release();
    return {
      write: (i) => {
        const one = takeEncoder();
        one.encode(list[i], options);
        one.release();
      },
      read: (i) => decodeMessage(written[i], 0, written[i].length),
    };
  };
}

function json(list) {
  const written = list.map((value) => JSON.stringify(value));
  return { write: (i) => JSON.stringify(list[i]), read: (i) => JSON.parse(written[i]) };
}

const ways = { packet: packets, general: messages({ isGeneral: true }), flat: messages(undefined), JSON: json };

/** Nanoseconds of processor time a run takes, so that a busy machine does not show. */
function time(run, ms) {
  let done = 0;
  const end = performance.now() + ms;
  const before = process.cpuUsage();
  while (performance.now() < end) {
    for (let i = 0; i < count; i += 1) run(i);
    done += count;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / done;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

const made = Object.entries(values).map(([name, make]) => {
  const list = Array.from({ length: count }, (_, i) => make(i));
  return [name, Object.entries(ways).map(([, of]) => ({ run: of(list), written: [], read: [] }))];
});
for (const [, runs] of made) for (const { run } of runs) for (const one of [run.write, run.read]) time(one, 100);
for (let round = 0; round < rounds; round += 1) {
  for (const [, runs] of made) {
    for (const { run, written, read } of runs) {
      written.push(time(run.write, msPerRound));
      read.push(time(run.read, msPerRound));
    }
  }
}
console.log(
  `${'value'.padEnd(18)}${Object.keys(ways)
    .map((way) => way.padStart(18))
    .join('')}     write + read, ns`,
);
for (const [name, runs] of made) {
  const columns = runs.map(({ written, read }) => `${median(written).toFixed(0)} + ${median(read).toFixed(0)}`.padStart(18));
  console.log(`${name.padEnd(18)}${columns.join('')}`);
}
