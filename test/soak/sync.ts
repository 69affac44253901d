/**
 * `npm run soak -- sync [--minutes N] [--seed N]`: 6 processes and 6 threads hammer locks, conditions, barriers, semaphores and events while
 * one after the other is killed and replaced.
 *
 *   every 50 to 400 ms   one that is chosen by chance gets SIGKILL or is terminated; another begins in its place
 *   every second         each is checked: a living one that has done nothing for `patience` hangs
 *   every 10 s           a line of progress
 *   at the end           all stop by themselves; counters are exact, permits are all there, the heap has its bytes back
 *
 * Exits with 1, and reports the fault and the worker, if a promise breaks. The seed decides the deeds and the deaths, though not how they
 * meet.
 */

import { parseArgs } from 'node:util';
import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor, WorkerLost } from 'heddle';
import { chanceFrom, deeds, hammer } from './hammer.js';
import { heapBytes } from './heap-bytes.js';
import { makeObjects, permits } from './objects.js';
import { isExact } from './record.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0 && minutes < 1e6) || !Number.isInteger(seed)) {
  console.error(`expected --minutes to be a number > 0 and --seed an integer, got "${values.minutes}" and "${values.seed}"`);
  process.exit(2);
}

const each = 6;
const workers = 2 * each;
/** The most milliseconds that a living worker may be idle: waits are short, and dead owners are found within a second. */
const patience = 20_000;

const chance = chanceFrom(seed);
// Once before: this thread's own books stay.
await (async () => void makeObjects(workers))();
const before = await heapBytes();
let objects = makeObjects(workers);
const threads = new ThreadPoolExecutor({ maxWorkers: each, graceful: 0 });
const processes = new ProcessPoolExecutor({ maxWorkers: each, graceful: 0 });
const problems: string[] = [];
const deaths = { SIGKILL: 0, terminated: 0, 'process.exit()': 0 };

const poolOf = (n: number): Executor => (n < each ? threads : processes);
const nameOf = (n: number): string => `${n < each ? 'thread' : 'process'} ${n % each}`;

/** One worker's place: a dead worker is followed by another. */
class Post {
  readonly #n: number;
  readonly ended: Promise<void>;
  #abort = new AbortController();
  #isKilled = false;
  #seen = -1;
  #since = performance.now();

  constructor(n: number) {
    this.#n = n;
    this.ended = this.#keep();
  }

  async #keep(): Promise<void> {
    while (!objects.stop.isSet()) {
      this.#abort = new AbortController();
      this.#isKilled = false;
      this.#since = performance.now();
      try {
        await poolOf(this.#n)
          .with({ signal: this.#abort.signal })
          .submit(hammer, this.#n, chance(2 ** 31), objects);
        return;
      } catch (error) {
        if (this.#isKilled) continue;
        if (error instanceof WorkerLost && error.exitCode === 1) deaths['process.exit()'] += 1;
        else problems.push(`${nameOf(this.#n)} failed: ${(error as Error).stack}`);
      }
    }
  }

  kill(): void {
    const pid = objects.lives[this.#n]!.pid.load();
    if (this.#isKilled) return;
    this.#isKilled = true;
    // A thread cannot be killed from outside; its pool ends one whose task is aborted. So are half of the processes.
    if (this.#n < each || chance(2) === 0 || pid === 0) {
      deaths.terminated += 1;
      this.#abort.abort();
      return;
    }
    deaths.SIGKILL += 1;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it had just ended by itself
    }
  }

  /** How long it has done nothing, in milliseconds. */
  idle(now: number): number {
    const done = objects.lives[this.#n]!.done.load();
    if (done !== this.#seen) this.#since = now;
    this.#seen = done;
    return now - this.#since;
  }

  describe(now: number): string {
    const { deed, done } = objects.lives[this.#n]!;
    return `${nameOf(this.#n)}: ${deeds[deed.load()]![0]} for ${Math.round(this.idle(now))} ms, ${done.load()} deeds`;
  }
}

const started = performance.now();
const total = (): number => objects.lives.reduce((sum, { done }) => sum + done.load(), 0);
let longest = 0;

function line(): string {
  const seconds = Math.round((performance.now() - started) / 1000);
  const told = objects.lives.reduce((sum, life) => sum + life.told.load(), 0);
  const died = Object.entries(deaths).map(([how, count]) => `${how} ${count}`);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return `${time}  ${total()} deeds, ${objects.rounds.load()} barrier rounds; deaths: ${died.join(', ')}; told of an owner's ${told}; longest pause ${Math.round(longest)} ms`;
}

function hang(posts: readonly Post[], what: string): never {
  const now = performance.now();
  console.log(`${line()}\nFAILED: ${what}`);
  for (const post of posts) console.log(`  ${post.describe(now)}`);
  const { locks, condition, semaphore, bounded, event, barrier } = objects;
  for (const object of [...locks.map(({ lock }) => lock), condition.condition, semaphore, bounded, event, barrier])
    console.log('  ', object, object.statistics());
  process.exit(1);
}

console.log(`soak of sync: ${each} processes and ${each} threads, ${minutes} minutes, seed ${seed}`);
const posts = Array.from({ length: workers }, (_, n) => new Post(n));

let nextKill = started + 1000;
let nextLook = started + 1000;
let nextLine = started + 10_000;
for (let now = started; now - started < minutes * 60_000 && problems.length === 0; now = performance.now()) {
  if (now >= nextKill) {
    posts[chance(workers)]!.kill();
    nextKill = now + 50 + chance(350);
  }
  if (now >= nextLook) {
    nextLook = now + 1000;
    const idle = posts.map((post) => post.idle(now));
    longest = Math.max(longest, ...idle);
    const stuck = idle.findIndex((ms) => ms > patience);
    if (stuck >= 0) hang(posts, `${nameOf(stuck)} has done nothing for ${patience / 1000} s`);
  }
  if (now >= nextLine) {
    nextLine += 10_000;
    console.log(line());
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}

// All stop by themselves; waiters for a lock get it as the others release it.
objects.stop.set();
const timer = setTimeout(() => hang(posts, `not all have stopped within ${patience / 1000} s`), patience);
await Promise.all(posts.map(({ ended }) => ended));
clearTimeout(timer);
await Promise.all([threads.shutdown(), processes.shutdown()]);

/** In a function of its own: a module's loops hold on to what they had last. */
async function checkBooks(): Promise<void> {
  for (const [i, { lock, counted }] of objects.locks.entries()) {
    const got = await lock.acquire({ timeout: patience }).catch(() => true);
    if (!got) problems.push(`lock ${i} is held by no living thread`);
    else lock.release();
    if (lock.locked() || lock.statistics().waiting !== 0) problems.push(`lock ${i} is not free: ${JSON.stringify(lock.statistics())}`);
    if (!isExact(counted)) problems.push(`what lock ${i} guards is not exact: ${counted.first.load()}`);
  }
  if (!isExact(objects.condition.counted)) problems.push('what the condition guards is not exact');
  for (const semaphore of [objects.semaphore, objects.bounded]) {
    for (let n = 0; n < permits; n += 1) {
      if (!(await semaphore.acquire({ timeout: 5000 }))) problems.push(`only ${n} of ${permits} permits are there`);
    }
    if (await semaphore.acquire(0)) problems.push(`there are more than ${permits} permits`);
  }
  console.log(line());
  console.log(
    `counted under locks: ${objects.locks.map(({ counted }) => counted.second.load()).join(' + ')}, notified: ${objects.condition.counted.second.load()}`,
  );
}

await checkBooks();
// The last handles on them.
objects = undefined as never;
posts.length = 0;
const after = await heapBytes();
console.log(`heap: ${before} bytes used before, ${after} after`);
if (after > before) problems.push(`the heap has ${after - before} bytes more than before`);
for (const problem of problems) console.log(`FAILED: ${problem}`);
console.log(
  problems.length === 0 ? 'ok: counters exact, permits back, heap back, no worker hung' : `${problems.length} problems, seed ${seed}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
