/**
 * The types of greenlets, for the compiler. This file is compiled, never run: a line that must not compile stands below `@ts-expect-error`,
 * and the build fails if it does.
 */

import {
  type AsyncResult,
  type Channel,
  Condition,
  type Coroutine,
  forEach,
  Greenlet,
  type GreenletExit,
  iwait,
  joinAll,
  JoinableQueue,
  Local,
  type Lock,
  type Operation,
  PriorityQueue,
  type Queue,
  RLock,
  Semaphore,
  sleep,
  spawn,
  spawnLater,
  Timeout,
  toThread,
  until,
  wait,
} from 'heddle/coroutine';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only where both types are the same. */
declare function same<A, B>(proof: Same<A, B>): void;

export function* waiting(promise: Promise<Date>, greenlet: Greenlet<string>): Coroutine<number> {
  const date = yield* until(promise);
  same<typeof date, Date>(true);
  const fetched = yield* until((signal) => fetch('http://127.0.0.1', { signal }));
  same<typeof fetched, Response>(true);
  const text = yield* greenlet;
  same<typeof text, string | GreenletExit>(true);
  const hasEnded = yield* greenlet.join(10);
  same<typeof hasEnded, boolean>(true);
  const nothing = yield* sleep(1);
  same<typeof nothing, void>(true);
  const inner = yield* waiting(promise, greenlet);
  same<typeof inner, number>(true);
  return 1;
}

export function* waitingForMany(greenlets: Greenlet<string>[], promise: Promise<Date>, source: AsyncIterable<URL>): Coroutine<void> {
  const ended = yield* joinAll(greenlets, { count: 1 });
  same<typeof ended, Greenlet<string>[]>(true);
  const ready = yield* wait([...greenlets, promise]);
  same<typeof ready, (Greenlet<string> | Promise<Date>)[]>(true);
  const isAll = yield* wait();
  same<typeof isAll, boolean>(true);
  using completed = iwait(greenlets);
  const next = yield* completed.next();
  // Not its result: it comes as itself.
  if (next.done !== true) same<typeof next.value, Greenlet<string>>(true);
  yield* forEach(source, (url, i) => {
    same<typeof url, URL>(true);
    same<typeof i, number>(true);
  });
  const inTime = yield* Timeout.run(10, waiting, promise, greenlets[0]!);
  same<typeof inTime, number>(true);
  const orDefault = yield* Timeout.run({ timeout: 10, value: null }, async (x: string) => x, 'a');
  same<typeof orDefault, string | null>(true);
  const inThread = yield* toThread(async (x: number) => [x], 1);
  same<typeof inThread, number[]>(true);

  // @ts-expect-error an argument is missing
  Timeout.run(10, waiting, promise);
  // @ts-expect-error an argument is of the wrong type
  toThread((x: number) => x, 'a');
  // @ts-expect-error yield without *
  Timeout.run(10, function* () {
    yield sleep(1);
  });
  // @ts-expect-error a number cannot be waited for
  wait([5]);
}

export async function loops(greenlets: Greenlet<string>[]): Promise<void> {
  for await (const one of iwait(greenlets)) same<typeof one, Greenlet<string>>(true);
}

export async function spawning(promise: Promise<Date>): Promise<void> {
  const byGenerator = spawn(
    waiting,
    promise,
    spawn(() => 'text'),
  );
  same<typeof byGenerator, Greenlet<number>>(true);
  const byAsync = spawn(async (x: number) => x > 1, 1);
  same<typeof byAsync, Greenlet<boolean>>(true);
  const byPlain = spawnLater(10, (x: string) => [x], 'a');
  same<typeof byPlain, Greenlet<string[]>>(true);
  const inline = spawn(function* (x: number) {
    yield* sleep(x);
    return new Map<string, number>();
  }, 1);
  same<typeof inline, Greenlet<Map<string, number>>>(true);
  same<Awaited<typeof inline>, Map<string, number> | GreenletExit>(true);
  const got = inline.get();
  same<typeof got, Operation<Map<string, number> | GreenletExit>>(true);
  const { value } = byAsync;
  same<typeof value, boolean | GreenletExit | undefined>(true);
  const ended = joinAll([byAsync, byAsync]);
  same<Awaited<typeof ended>, Greenlet<boolean>[]>(true);

  const untyped = spawn(() => JSON.parse('1'));
  same<typeof untyped, Greenlet<any>>(true);

  // @ts-expect-error an argument is of the wrong type
  spawn((x: number) => x, 'a');
  // @ts-expect-error an argument is missing
  spawn((x: number) => x);
  // @ts-expect-error there is one argument too many
  spawn((x: number) => x, 1, 2);
  // @ts-expect-error of the generator function, too
  spawn(waiting, promise);
  // @ts-expect-error yield without *
  spawn(function* () {
    yield sleep(1);
  });
  // @ts-expect-error yield without *, later
  spawnLater(1, function* () {
    yield* sleep(1);
    yield Promise.resolve(1);
  });
  // @ts-expect-error what is yielded is nothing to wait for
  spawn(function* () {
    yield 5;
  });
  spawn(function* () {
    // @ts-expect-error a promise is not an operation: yield* until(promise)
    yield* Promise.resolve(1);
  });
  // @ts-expect-error it is not a function
  spawn(5);
}

export function linking(greenlet: Greenlet<string>, honest: AsyncResult<string | GreenletExit>, narrow: AsyncResult<string>): void {
  greenlet.link(honest);
  greenlet.linkValue(honest);
  greenlet.linkException(honest);
  // A target that is linked to an error only never receives a value.
  greenlet.linkException(narrow);
  greenlet.unlink(narrow);
  // @ts-expect-error a greenlet that is killed gives its GreenletExit
  greenlet.link(narrow);
  // @ts-expect-error a kill is not an error
  greenlet.linkValue(narrow);
  greenlet.link(({ value }) => same<typeof value, string | GreenletExit | undefined>(true));
}

export class Typed extends Greenlet<string> {
  readonly size: number;

  constructor(size: number) {
    super();
    this.size = size;
  }

  override *run(): Coroutine<string> {
    yield* sleep(this.size);
    return 'typed';
  }
}

export function subclass(): void {
  const typed = Typed.spawn(1);
  same<typeof typed, Typed>(true);
  same<Awaited<typeof typed>, string | GreenletExit>(true);
  const caught = typed.catch(() => 5);
  same<typeof caught, Promise<string | number | GreenletExit>>(true);
  const late = typed.finally(() => {});
  same<typeof late, Promise<string | GreenletExit>>(true);
  // @ts-expect-error the argument is the constructor's
  Typed.spawn('x');
}

export function* queueing(queue: Queue<Date>, channel: Channel<string>): Coroutine<void> {
  const item = yield* queue.get(10);
  same<typeof item, Date>(true);
  const items = yield* queue.getMany(3);
  same<typeof items, Date[]>(true);
  const text = yield* channel.get({ block: false });
  same<typeof text, string>(true);
  for (let n = yield* queue.next(); !n.done; n = yield* queue.next()) same<typeof n.value, Date>(true);
  // @ts-expect-error -- an item of another type
  yield* queue.put('now');
  // @ts-expect-error -- an option that there is not
  yield* queue.put(new Date(), { blocking: false });
  // @ts-expect-error -- a priority that has no order
  new PriorityQueue<[{ at: Date }, string]>();
  const strings = new PriorityQueue(0, ['a', 'b']);
  same<typeof strings, PriorityQueue<string>>(true);
  const tuples = new PriorityQueue(0, [[new Date(), 'a']]);
  same<typeof tuples, PriorityQueue<[Date, string]>>(true);
  const joinable: Queue<Date> = new JoinableQueue<Date>();
  const isDone = yield* joinable.join();
  same<typeof isDone, boolean>(true);
}

export function* locking(lock: Lock, result: AsyncResult<Date>): Coroutine<void> {
  const isHad = yield* lock.acquire(10);
  same<typeof isHad, boolean>(true);
  using guard = yield* lock.hold();
  same<typeof guard, Disposable>(true);
  const byGenerator = yield* lock.run(function* () {
    yield* sleep(1);
    return 'text';
  });
  same<typeof byGenerator, string>(true);
  const byAsync = yield* new Semaphore(2).run(async () => 1);
  same<typeof byAsync, number>(true);
  const condition = new Condition(new RLock());
  const item = yield* condition.waitFor(() => [new Date()].pop());
  same<typeof item, Date | undefined>(true);
  const got = yield* result.get();
  same<typeof got, Date>(true);
  const itself = yield* result;
  same<typeof itself, Date>(true);
  same<Awaited<typeof result>, Date>(true);
  // @ts-expect-error yield without *
  lock.run(function* () {
    yield sleep(1);
  });
  // @ts-expect-error a condition has a lock, not permits
  new Condition(new Semaphore());
  // @ts-expect-error the value is of another type
  result.set('now');
}

class Session extends Local<object> {
  readonly user: string;

  constructor(user: string) {
    super(user);
    this.user = user;
  }
}

export function locals(): void {
  const local = new Local(() => ({ id: 1 }));
  same<typeof local, { id: number }>(true);
  const { user } = new Session('own');
  same<typeof user, string>(true);
  // @ts-expect-error this field does not exist
  local.name = 'own';
  // @ts-expect-error the argument is the constructor's
  new Session(1);
}
