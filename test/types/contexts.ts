/** Types of contexts: their classes are those of heddle, with the same generics. */

import { getContext, Pool, Process } from 'heddle';

const context = getContext('forkserver');

class Counter extends context.Process<[number]> {
  readonly label: string;
  constructor(label: string) {
    super({ target: (n) => n.toFixed(), args: [1] });
    this.label = label;
  }
  override run(): void {
    super.run();
  }
}

class Named extends context.Pool<[string]> {
  size(): number {
    return this.maxWorkers;
  }
}

/** Never called: the compiler reads it. */
export function contexts(): void {
  const counter: Process<[number]> = new Counter('a').start();
  const SameProcess: typeof Process = context.Process;
  const SamePool: typeof Pool = context.Pool;
  new Named({ processes: 2, initializer: (text: string) => text, initArgs: ['x'] }).size();
  const executor = new context.ProcessPoolExecutor({ maxWorkers: 1, initializer: (n: number) => n, initArgs: [1] });
  const n: Promise<number> = executor.submit((a: number) => a, 2);
  new context.Process({ target: (a: number) => a, args: [1] });
  new Pool({ context });
  new Pool({ context: 'thread' });
  // @ts-expect-error -- initArgs do not fit the initializer
  new context.Pool({ initializer: (text: string) => text, initArgs: [1] });
  // @ts-expect-error -- the initializer must have an argument
  new context.Pool({ initializer: (text: string) => text });
  // @ts-expect-error -- args do not fit the target
  new context.Process({ target: (a: number) => a, args: ['x'] });
  // @ts-expect-error -- V8 cannot be forked
  new Pool({ context: 'fork' });
  void [counter, SameProcess, SamePool, n];
}
