/** Types of queues between threads and processes. */

import { Deque, getContext, LifoQueue, PriorityQueue, Queue } from 'heddle';

/** Never called: the compiler reads it. */
export async function queues(): Promise<void> {
  const stack: Queue<Date> = new LifoQueue<Date>(3);
  const date: Date = await stack.get();
  const tasks = new PriorityQueue<[priority: number, name: string]>();
  await tasks.put([1, date.toISOString()]);
  const [priority, name]: [number, string] = tasks.getSync({ timeout: 5 });
  const many: [number, string][] = await tasks.getMany(3);
  new PriorityQueue<string>().putSync(name);
  new PriorityQueue<readonly [string, ...number[]]>().putSync(['a', priority, many.length]);
  const deque = new Deque<Date>(10);
  deque.appendSync(date);
  await deque.extendLeft(new Set([date]));
  const [first]: Date[] = [...deque];
  for await (const one of deque) one.getTime();
  const popped: Date | undefined = (await deque.pop(5)) ?? first;
  const Same: typeof PriorityQueue = getContext('spawn').PriorityQueue;
  new Same<number>(2).putNowait(1);
  // @ts-expect-error -- a Date is not a priority
  new PriorityQueue<Date>();
  // @ts-expect-error -- the tuple begins with an object
  new PriorityQueue<[{ at: Date }, string]>();
  // @ts-expect-error -- a deque never waits for room
  deque.appendSync(date, { timeout: 5 });
  // @ts-expect-error -- a thread that is blocked hears no signal
  deque.popSync({ signal: new AbortController().signal });
  // @ts-expect-error -- a string is not a Date
  deque.appendSync(String(popped));
}
