/**
 * A program that has a pool at work and ends, or loses the pool. Run by the rows of `programs.ts`, with its action as its argument; it
 * reports to standard output.
 */

import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from './cell.ts';
import { until } from './fate.ts';
import { now, readMarks, striker } from './mark.ts';
import type { Kind } from './table.ts';
import { type Waiting, doomed, waiters } from './waiters.ts';

export interface Part {
  readonly kind: Kind;
  readonly waiter: string;
  /** How its victim passes the time. */
  readonly victim: 'loops' | 'waits' | 'ends soon';
  /** The action when the victims are at work. */
  readonly act: 'exit' | 'throw' | 'stay' | 'drop' | 'end';
  readonly mark: string;
}

const { kind, waiter: column, victim: pastime, act, mark } = JSON.parse(process.argv[2]!) as Part;
const waiter = waiters.find(({ name }) => name === column)!;
const workers = { started: 0, ended: 0 };
subscribe('heddle:workerStarted', () => void workers.started++);
subscribe('heddle:workerEnded', () => void workers.ended++);

const pastimes = {
  loops: (): never => {
    for (;;);
  },
  waits: () => new Promise((resolve) => setTimeout(resolve, 1e6)),
  'ends soon': () => new Promise((resolve) => setTimeout(resolve, 50)),
};

/** The pool is known in here only. */
async function begin(): Promise<Waiting> {
  const pass = pastimes[pastime];
  const item = doomed;
  const strike = striker(mark);
  const victim = async (x: number): Promise<unknown> => {
    if (x !== item) return x;
    strike();
    await pass();
    return item;
  };
  const pool = new open[kind](waiter.options);
  return waiter.begin({ pool, view: pool, victim, gather: () => {}, hasWorkers: true });
}

async function allWell({ victim, neighbours, others, shutdown, release }: Waiting): Promise<void> {
  release();
  const fates = [await victim, ...(await Promise.all(neighbours)), ...(await others), ...(shutdown === undefined ? [] : [await shutdown])];
  for (const fate of fates) if (!fate.ok) throw fate.value;
}

/** As a program that goes on and makes garbage would in the end. */
async function collect(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  gc!();
  await sleep(1);
}

const waiting = await begin();
await until(() => readMarks(mark).length >= waiter.victims, 'the victims at work');
switch (act) {
  case 'stay': {
    console.log('at work');
    setInterval(() => {}, 1000);
    break;
  }
  case 'exit':
    console.log(now());
    process.exit(7);
  // oxlint-disable-next-line no-fallthrough -- it does not
  case 'throw':
    console.log(now());
    setImmediate(() => {
      throw new RangeError('uncaught in the host');
    });
    break;
  case 'end':
    await allWell(waiting);
    console.log(now());
    break;
  case 'drop': {
    for (let i = 0; i < 10; i++) await collect();
    await allWell(waiting);
    const settled = now();
    while (workers.ended < workers.started || workers.started === 0) await collect();
    console.log(now() - settled);
    break;
  }
}
