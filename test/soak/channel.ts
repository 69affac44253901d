/**
 * `npm run soak -- channel [--minutes N] [--seed N]`: 8 producers and 8 consumers, threads and processes, hand items on by queues of all kinds, bounded and unbounded,
 * and a deque, and workers send back what comes by pipes (`pipes.ts`), while one after the other is killed and replaced.
 *
 *   an item       its index, its producer's number and sequence, and now and then large bytes or a lock
 *   marks[index]  1 is being put, 2 put has returned, 3 has been taken                              a second 3 is an item that came twice
 *   at the end    an item whose put returned and that was not taken was in the hands of a consumer that died: at most one for each death
 *
 * Exits with 1, and says what, if the books do not balance, a sequence goes back, nothing moves for `patience`, or the heap keeps bytes.
 */

import { parseArgs } from 'node:util';
import {
  Deque,
  type Executor,
  LifoQueue,
  Lock,
  PriorityQueue,
  ProcessPoolExecutor,
  Queue,
  SharedArray,
  ShutDown,
  ThreadPoolExecutor,
} from 'heddle';
import { heapStatistics, Word } from 'heddle/lowlevel';
import { chanceFrom } from './hammer.js';
import { heapBytes } from './heap-bytes.js';
import { EchoPost } from './pipes.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0 && minutes < 1e6) || !Number.isInteger(seed)) {
  console.error(`expected --minutes to be a number > 0 and --seed an integer, got "${values.minutes}" and "${values.seed}"`);
  process.exit(2);
}

const each = 8;
const mostItems = 32 * 2 ** 20;
const mostWaiting = 5000;
const patience = 20_000;

interface Item {
  readonly index: number;
  readonly producer: number;
  readonly sequence: number;
  readonly extra: unknown;
}

type Prioritized = [priority: number, item: Item];

/** Kinds of queues, by their index in `queues`. A producer goes round them, a consumer is at one. */
const kinds = 5;
const PRIORITY = 3;

const makeScene = (): Scene => ({
  queues: [new Queue<Item>(100), new Queue<Item>(), new LifoQueue<Item>(100), new PriorityQueue<Prioritized>()],
  deque: new Deque<Item>(),
  marks: new SharedArray('uint8', mostItems, { lock: false }),
  next: new Word(),
  producers: new Word(),
  taken: new Word(),
  wrong: new Word(),
  stop: new Word(),
});

interface Scene {
  readonly queues: readonly [Queue<Item>, Queue<Item>, LifoQueue<Item>, PriorityQueue<Prioritized>];
  readonly deque: Deque<Item>;
  readonly marks: SharedArray<'uint8'>;
  readonly next: Word;
  /** Numbers for producers: each that is started has another. */
  readonly producers: Word;
  readonly taken: Word;
  /** Items that came twice, or out of order. */
  readonly wrong: Word;
  readonly stop: Word;
}

async function produce({ queues, deque, marks, next, producers, stop }: Scene): Promise<void> {
  const producer = producers.add(1);
  const lock = new Lock();
  for (let sequence = 0; stop.load() === 0; sequence += 1) {
    const kind = sequence % kinds;
    const queue: Queue | undefined = queues[kind];
    while ((queue?.qsize() ?? deque.length) > mostWaiting) await new Promise((resolve) => setTimeout(resolve, 1));
    const index = next.add(1);
    if (index >= mostItems) return;
    const extra =
      sequence % 97 === 0 ? lock : sequence % 89 === 0 ? new Uint8Array(20_000) : sequence % 1009 === 0 ? new Uint8Array(200_000) : index;
    marks.set(index, 1);
    const item: Item = { index, producer, sequence, extra };
    if (queue === undefined) {
      if (sequence % 3 === 0) deque.appendSync(item);
      else await deque.appendLeft(item);
      if (sequence % 7 === 0) deque.rotate(sequence % 11);
    } else {
      const what = kind === PRIORITY ? [index % 10, item] : item;
      if (sequence % 3 === 0) queue.putSync(what);
      else await queue.put(what);
    }
    if (marks.get(index) === 1) marks.view[index] = Math.max(marks.view[index]!, 2);
  }
}

async function consume({ queues, deque, marks, taken, wrong }: Scene, which: number): Promise<void> {
  const kind = which % kinds;
  const last = new Map<number, number>();
  const take = ({ index, sequence, producer }: Item): void => {
    if (marks.get(index) === 3) wrong.add(1);
    marks.set(index, 3);
    if (kind < 2 && sequence <= (last.get(producer) ?? -1)) wrong.add(1);
    last.set(producer, sequence);
    taken.add(1);
  };
  const queue = queues[kind] as Queue<any> | undefined;
  const takeFrom = (what: any): void => {
    take(kind === PRIORITY ? what[1] : what);
    queue!.taskDone();
  };
  try {
    for (let n = 0; ; n += 1) {
      if (queue === undefined) take(n % 2 === 0 ? deque.popLeftSync() : await deque.pop());
      else if (n % 3 === 0) takeFrom(queue.getSync());
      else if (n % 3 === 1) takeFrom(await queue.get());
      else for (const what of await queue.getMany(8)) takeFrom(what);
    }
  } catch (error) {
    if (!(error instanceof ShutDown)) throw error;
  }
}

const chance = chanceFrom(seed);
await (async () => void makeScene())();
const before = await heapBytes();
let scene = makeScene();
const threads = new ThreadPoolExecutor({ maxWorkers: each, gracePeriod: 0 });
const processes = new ProcessPoolExecutor({ maxWorkers: each, gracePeriod: 0 });
const echoThreads = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 0 });
const echoProcesses = new ProcessPoolExecutor({ maxWorkers: 2, gracePeriod: 0 });
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
    const isProducer = this.#n < each;
    const goesOn = (): boolean => !isProducer || scene.stop.load() === 0;
    while (goesOn()) {
      this.#abort = new AbortController();
      this.#isKilled = false;
      const within = pool.with({ signal: this.#abort.signal });
      try {
        await (isProducer ? within.submit(produce, scene) : within.submit(consume, scene, this.#n));
        return;
      } catch (error) {
        if (this.#isKilled) continue;
        problems.push(`${isProducer ? 'producer' : 'consumer'} ${this.#n} failed: ${(error as Error).stack}`);
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

console.log(`soak of channel: ${each} producers and ${each} consumers, ${minutes} minutes, seed ${seed}`);
const started = performance.now();
const posts = Array.from({ length: 2 * each }, (_, n) => new Post(n));
const isStopped = (): boolean => scene.stop.load() !== 0;
const echoes = [echoThreads, echoThreads, echoProcesses, echoProcesses].map((pool) => new EchoPost(pool, isStopped, problems));
const replies = (): number => echoes.reduce((sum, one) => sum + one.replies, 0);
const line = (): string =>
  `${Math.round((performance.now() - started) / 1000)} s  ${scene.next.load()} put, ${scene.taken.load()} taken, ${replies()} replies, ${deaths} deaths, wrong ${scene.wrong.load()}`;

function hang(what: string): never {
  for (const one of echoes) console.error(one.describe());
  console.log(`${line()}\nFAILED: ${what}`);
  for (const queue of [...scene.queues, scene.deque]) console.log(queue.statistics());
  process.exit(1);
}

let nextKill = started + 1000;
let nextLine = started + 10_000;
let moved = started;
let seen = -1;
let movedReplies = started;
let seenReplies = -1;
for (let now = started; now - started < minutes * 60_000 && problems.length === 0; now = performance.now()) {
  if (now >= nextKill) {
    [...posts, ...echoes][chance(posts.length + echoes.length)]!.kill();
    nextKill = now + 50 + chance(350);
  }
  if (replies() !== seenReplies) [seenReplies, movedReplies] = [replies(), now];
  if (now - movedReplies > patience) hang(`no reply has come by a pipe for ${patience / 1000} s`);
  if (scene.taken.load() !== seen) [seen, moved] = [scene.taken.load(), now];
  if (now - moved > patience && scene.next.load() < mostItems) hang(`nothing has been taken for ${patience / 1000} s`);
  if (now >= nextLine) {
    nextLine += 10_000;
    console.log(line());
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}

scene.stop.store(1);
const timer = setTimeout(() => hang(`not all have stopped within ${patience / 1000} s`), patience);
await Promise.all([...posts.slice(0, each), ...echoes].map(({ ended }) => ended));
// In a function of its own: a module's loop holds on to what it had last.
((): void => [...scene.queues, scene.deque].forEach((queue) => queue.shutdown()))();
await Promise.all(posts.slice(each).map(({ ended }) => ended));
clearTimeout(timer);
await Promise.all([threads, processes, echoThreads, echoProcesses].map((pool) => pool.shutdown()));

function checkBooks(): void {
  const { marks, next, wrong, queues, deque } = scene;
  let missing = 0;
  const view = marks.view;
  for (let index = 0; index < Math.min(next.load(), mostItems); index += 1) if (view[index] === 2) missing += 1;
  // A consumer has up to 8 items in its hands.
  if (missing > deaths * 8) problems.push(`${missing} items are missing, and ${deaths} threads died`);
  if (wrong.load() !== 0) problems.push(`${wrong.load()} items came twice or out of order`);
  for (const queue of [...queues, deque]) {
    const { size, waitingGetters, lost } = queue.statistics();
    if (size !== 0) problems.push(`${size} items are left`);
    if (lost > deaths * 8) problems.push(`${lost} are said to be lost`);
    console.log({ ...queue.statistics(), waitingGetters, missing });
  }
  console.log(line());
}

checkBooks();
scene = undefined as never;
posts.length = 0;
echoes.length = 0;
const after = await heapBytes();
console.log(`heap: ${before} bytes used before, ${after} after`);
if (after > before + 65_536) problems.push(`the heap has ${after - before} bytes more than before: ${JSON.stringify(heapStatistics())}`);
for (const problem of problems) console.log(`FAILED: ${problem}`);
console.log(problems.length === 0 ? 'ok: every item accounted for, heap back, nothing hung' : `${problems.length} problems, seed ${seed}`);
process.exitCode = problems.length === 0 ? 0 : 1;
