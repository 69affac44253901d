/** The pace of a test's greenlets: turns of the ready queue, until a gate is opened, or without an end. */

import { type Coroutine, sleep, until } from 'heddle/coroutine';
import { readyCount } from 'heddle/lowlevel';

export interface Gate {
  wait(): Coroutine<string>;
  open(): void;
}

export function gate(): Gate {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  function* wait(): Coroutine<string> {
    yield* until(opened);
    return 'open';
  }
  return { wait, open };
}

export function* turns(n: number): Coroutine<number> {
  for (let i = 0; i < n; i += 1) yield* sleep();
  return n;
}

export function* forEver(): Coroutine<never> {
  for (;;) yield* sleep(60_000);
}

/** All that can go on without time passing has. */
export async function settled(): Promise<void> {
  do await sleep(1);
  while (readyCount() > 0);
}
