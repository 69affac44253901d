/** A program that uses named memory as it is told, line by line: `[method, …arguments]` as JSON; it answers each line by one. */

import { createInterface } from 'node:readline';
import { SharedMemory, type SharedMemoryOptions } from 'heddle';

const held = new Map<string, SharedMemory>();

const methods: Record<string, (...args: never[]) => unknown> = {
  open(options: SharedMemoryOptions) {
    const memory = new SharedMemory(options);
    held.set(memory.name, memory);
    return { name: memory.name, size: memory.size, track: memory.track };
  },
  write: (name: string, text: string) => held.get(name)!.buf.set(Buffer.from(text)),
  read: (name: string, length: number) => Buffer.from(held.get(name)!.buf.subarray(0, length)).toString(),
  close: (name: string) => held.get(name)!.close(),
  unlink: (name: string) => held.get(name)!.unlink(),
  exit: (code: number) => process.exit(code),
  throwError: () =>
    setImmediate(() => {
      throw new Error('not caught');
    }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...args] = JSON.parse(line) as [string, ...never[]];
  let answer: unknown;
  try {
    answer = { value: methods[method]!(...args) };
  } catch (error) {
    answer = { code: (error as NodeJS.ErrnoException).code, message: (error as Error).message };
  }
  console.log(JSON.stringify(answer));
}
