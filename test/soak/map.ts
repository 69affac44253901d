/**
 * `npm run soak -- map [--minutes N] [--seed N]`: 8 writers, threads and processes, change a `SharedMap`, read what the others write and go through it, while
 * one after the other is killed and replaced.
 *
 *   writer n      has keys of its own, of all kinds, and cells for each in shared memory: `begun` is the version that it sets, `done` that whose set has returned
 *   a version     says what the value is: 0 none, then a number, a text, a large one, one with a lock
 *   at the end    each key has the version that is done, or the one that was begun by a writer that died; a reference map of those is compared with the map
 *   sum           each writer adds to one key by `update`: no addition is lost but that of a dead one
 *
 * Exits with 1, and says what, if a value is wrong, an iteration gives a key twice, nothing moves for `patience`, or the heap keeps bytes.
 */

import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type Executor, Lock, ProcessPoolExecutor, SharedArray, SharedMap, type SharedMapKey, ThreadPoolExecutor } from 'heddle';
import { heapStatistics, Word } from 'heddle/lowlevel';
import { chanceFrom } from './hammer.js';
import { heapBytes } from './heap-bytes.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0 && minutes < 1e6) || !Number.isInteger(seed)) {
  console.error(`expected --minutes to be a number > 0 and --seed an integer, got "${values.minutes}" and "${values.seed}"`);
  process.exit(2);
}

const writers = 8;
const keysEach = 200;
const patience = 20_000;
const sumKey = 'sum';

/** Keys of each kind in turn. */
const keyOf = (n: number): SharedMapKey =>
  [n, `key ${n}`, [n, 'of', null], BigInt(n) << 70n, n + 0.5, `ключ ${'x'.repeat(n % 50)} ${n}`][n % 6]!;

/** The value of a version; 0: the key is not there. */
function valueOf(key: number, version: number): unknown {
  switch (version % 5) {
    case 0:
      return { key, version };
    case 1:
      return [key, version];
    case 2:
      return `${key} ${version} ${'y'.repeat(version % 300)}`;
    case 3:
      return { key, version, bytes: new Uint8Array(300 + (version % 20) * 1000).fill(version) };
    default:
      return { key, version, lock: true };
  }
}

/** The value in the map: with a lock where it has one. */
const packed = (value: unknown): unknown => ((value as { lock?: true }).lock === true ? { ...(value as object), lock: new Lock() } : value);
const unpacked = (value: unknown): unknown =>
  (value as { lock?: Lock } | undefined)?.lock instanceof Lock ? { ...(value as object), lock: true } : value;

/** Which version of a key a value is; -1: none. */
function versionOf(key: number, value: unknown): number {
  if (value === undefined) return 0;
  const its = unpacked(value) as any;
  const version = Array.isArray(its) ? its[1] : typeof its === 'string' ? Number(its.split(' ')[1]) : its.version;
  return isDeepStrictEqual(its, valueOf(key, version)) ? version : -1;
}

interface Scene {
  readonly map: SharedMap;
  /** Of all to be filled and cleared. */
  readonly crowd: SharedMap<number, string>;
  readonly begun: SharedArray<'int32'>;
  readonly done: SharedArray<'int32'>;
  /** Additions of each writer: begun, and returned. */
  readonly added: SharedArray<'int32'>;
  readonly moved: Word;
  readonly wrong: Word;
  readonly stop: Word;
}

const makeScene = (): Scene => ({
  map: new SharedMap(),
  crowd: new SharedMap(),
  begun: new SharedArray('int32', writers * keysEach, { lock: false }),
  done: new SharedArray('int32', writers * keysEach, { lock: false }),
  added: new SharedArray('int32', writers, { lock: false }),
  moved: new Word(),
  wrong: new Word(),
  stop: new Word(),
});

async function write({ map, crowd, begun, done, added, moved, wrong, stop }: Scene, which: number, start: number): Promise<void> {
  const chance = chanceFrom(start);
  const refuse = (what: string): void => {
    wrong.add(1);
    console.log(`writer ${which}: ${what}`);
  };
  const first = which * keysEach;
  for (let key = first; key < first + keysEach; key += 1) {
    const version = versionOf(key, map.getSync(keyOf(key)));
    if (version !== begun.get(key) && version !== done.get(key)) refuse(`key ${key} has version ${version}`);
    begun.set(key, version);
    done.set(key, version);
  }
  for (let step = 0; stop.load() === 0; step += 1) {
    const key = first + chance(keysEach);
    const version = chance(5) === 0 ? 0 : (done.get(key) % 1_000_000) + 1 + chance(7);
    begun.set(key, version);
    if (version === 0) map.deleteSync(keyOf(key));
    else if (step % 3 === 0) map.updateSync(keyOf(key), () => packed(valueOf(key, version)));
    else if (step % 3 === 1) map.setSync(keyOf(key), packed(valueOf(key, version)));
    else await map.set(keyOf(key), packed(valueOf(key, version)));
    done.set(key, version);
    if (versionOf(key, map.getSync(keyOf(key))) !== version) refuse(`key ${key} has not the version that was just set`);
    if (step % 2 === 0) map.updateSync(sumKey, (n) => ((n as number | undefined) ?? 0) + 1);
    else await map.update(sumKey, (n) => ((n as number | undefined) ?? 0) + 1);
    added.add(which, 1);
    const other = chance(writers * keysEach);
    if (versionOf(other, map.getSync(keyOf(other))) < 0) refuse(`key ${other} of another writer has half a value`);
    crowd.setSync(chance(20_000), `${step}`.repeat(1 + chance(20)));
    if (chance(3) === 0) crowd.deleteSync(chance(20_000));
    if (chance(40_000) === 0) crowd.clearSync();
    if (step % 4000 === 0) {
      const keys = [...map.keys()].map((each) => (typeof each === 'object' ? JSON.stringify(each) : each));
      if (new Set(keys).size !== keys.length) refuse('a key came twice');
    }
    if (step % 64 === 0) {
      moved.add(64);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const chance = chanceFrom(seed);
await (async () => void makeScene())();
const before = await heapBytes();
let scene = makeScene();
const threads = new ThreadPoolExecutor({ maxWorkers: writers, gracePeriod: 0 });
const processes = new ProcessPoolExecutor({ maxWorkers: writers, gracePeriod: 0 });
const problems: string[] = [];
let deaths = 0;

class Post {
  readonly ended: Promise<void>;
  readonly #n: number;
  #abort = new AbortController();
  #isKilled = false;

  constructor(n: number) {
    this.#n = n;
    this.ended = this.#keep();
  }

  async #keep(): Promise<void> {
    const pool: Executor = this.#n % 2 === 0 ? threads : processes;
    while (scene.stop.load() === 0) {
      this.#abort = new AbortController();
      this.#isKilled = false;
      try {
        await pool.with({ signal: this.#abort.signal }).submit(write, scene, this.#n, chance(2 ** 30));
        return;
      } catch (error) {
        if (this.#isKilled) continue;
        problems.push(`writer ${this.#n} failed: ${(error as Error).stack}`);
        return;
      }
    }
  }

  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    deaths += 1;
    this.#abort.abort();
  }
}

console.log(`soak of map: ${writers} writers, ${minutes} minutes, seed ${seed}`);
const started = performance.now();
const posts = Array.from({ length: writers }, (_, n) => new Post(n));
const line = (): string =>
  `${Math.round((performance.now() - started) / 1000)} s  ${scene.moved.load()} rounds, ${deaths} deaths, wrong ${scene.wrong.load()}, ${JSON.stringify(scene.map.statistics())} ${JSON.stringify(scene.crowd.statistics())}`;

function hang(what: string): never {
  console.log(`${line()}\nFAILED: ${what}`);
  process.exit(1);
}

let nextKill = started + 1000;
let nextLine = started + 10_000;
let movedAt = started;
let seen = -1;
for (let now = started; now - started < minutes * 60_000 && problems.length === 0; now = performance.now()) {
  if (now >= nextKill) {
    posts[chance(posts.length)]!.kill();
    nextKill = now + 50 + chance(350);
  }
  if (scene.moved.load() !== seen) [seen, movedAt] = [scene.moved.load(), now];
  if (now - movedAt > patience) hang(`nothing has been written for ${patience / 1000} s`);
  if (now >= nextLine) {
    nextLine += 10_000;
    console.log(line());
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}

scene.stop.store(1);
const timer = setTimeout(() => hang(`not all have stopped within ${patience / 1000} s`), patience);
await Promise.all(posts.map(({ ended }) => ended));
clearTimeout(timer);
await Promise.all([threads, processes].map((pool) => pool.shutdown()));

function checkBooks(): void {
  const { map, crowd, begun, done, added, wrong } = scene;
  const left = new Map<string, unknown>();
  const nameOf = (key: SharedMapKey): string => `${typeof key} ${String(key)}`;
  for (const [key, value] of map) {
    if (left.has(nameOf(key))) problems.push(`key ${nameOf(key)} is there twice`);
    left.set(nameOf(key), value);
  }
  const sum = left.get(nameOf(sumKey)) as number;
  left.delete(nameOf(sumKey));
  let differ = 0;
  for (let key = 0; key < writers * keysEach; key += 1) {
    const name = nameOf(keyOf(key));
    const version = versionOf(key, left.get(name));
    left.delete(name);
    if (version === done.get(key)) continue;
    differ += 1;
    if (version !== begun.get(key)) problems.push(`key ${key} has version ${version}, neither ${done.get(key)} nor ${begun.get(key)}`);
  }
  if (differ > deaths) problems.push(`${differ} keys have a version whose set has not returned, and ${deaths} threads died`);
  if (left.size > 0) problems.push(`${left.size} keys are there that no writer has`);
  const all = [...added].reduce((a, b) => a + b, 0);
  if (sum < all || sum > all + deaths) problems.push(`the sum is ${sum} after ${all} additions and ${deaths} deaths`);
  const keys = [...crowd.keys()];
  if (keys.length !== crowd.size || new Set(keys).size !== keys.length) problems.push(`${keys.length} keys, and a size of ${crowd.size}`);
  if (wrong.load() !== 0) problems.push(`${wrong.load()} values were wrong`);
  console.log(line());
}

checkBooks();
scene = undefined as never;
posts.length = 0;
const after = await heapBytes();
console.log(`heap: ${before} bytes used before, ${after} after`);
if (after > before + 65_536) problems.push(`the heap has ${after - before} bytes more than before: ${JSON.stringify(heapStatistics())}`);
for (const problem of problems) console.log(`FAILED: ${problem}`);
console.log(
  problems.length === 0 ? 'ok: every version accounted for, heap back, nothing hung' : `${problems.length} problems, seed ${seed}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
