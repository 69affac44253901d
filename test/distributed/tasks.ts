/** Functions that tests have run by workers of other machines: exports, as they travel by name. */

import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentTask } from 'heddle';

export class Refused extends Error {
  override readonly name: string = 'Refused';
  readonly limit: number;

  constructor(limit: number) {
    super(`over ${limit}`);
    this.limit = limit;
  }
}

export const double = (n: number): number => n * 2;
export const add = (a: number, b: number): number => a + b;
export const echo = <T>(value: T): T => value;
export const pid = (): number => process.pid;
export const refuse = (limit: number): never => {
  throw new Refused(limit);
};
export const refuseOdd = (n: number): number => (n % 2 === 1 ? refuse(n) : n);
const dieAt = (n: number, at: number): number => {
  if (n === at) process.kill(process.pid, 'SIGKILL');
  return n;
};
export const dieAt5 = (n: number): number => dieAt(n, 5);
export const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
export const spin = (ms: number): void => {
  const end = Date.now() + ms;
  while (Date.now() < end);
};
export const bytesOf = (length: number): Uint8Array => new Uint8Array(length).fill(7);
export const lengthOf = (bytes: Uint8Array): number => bytes.length;
export const self = (): { id: number; attempt: number } => {
  const { id, attempt } = currentTask()!;
  return { id, attempt };
};
export const atThird = (): number => {
  const { attempt } = currentTask()!;
  if (attempt < 3) throw new Refused(attempt);
  return attempt;
};
export const untilAborted = (): Promise<unknown> =>
  new Promise((resolve) => {
    const { signal } = currentTask()!;
    const timer = setInterval(() => {}, 1000);
    const end = (): void => {
      clearInterval(timer);
      resolve(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
export const tellProgress = async (): Promise<void> => {
  const { progress } = currentTask()!;
  for (let i = 1; i <= 3; i++) {
    progress(i, 3);
    await sleep(60);
  }
};
export function* count(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}
export function* countAndFail(end: number): Generator<number> {
  yield* count(end);
  refuse(end);
}

/** Writes a file when it runs, and ends when another is there. */
export const untilFile = async (begun: string, end: string): Promise<number> => {
  writeFileSync(`${begun}-${process.pid}-${currentTask()!.attempt}`, '');
  while (!existsSync(end)) await sleep(5);
  return process.pid;
};
