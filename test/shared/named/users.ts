/** Programs that use named memory: each an unrelated process. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { SharedMemoryOptions } from 'heddle';

const program = fileURLToPath(new URL('./user-program.js', import.meta.url));

interface Answer {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
}

export class User {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #exit: Promise<unknown>;

  constructor(stderr: 'inherit' | 'ignore' = 'inherit') {
    this.#child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', stderr] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#exit = once(this.#child, 'exit');
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Returns what the method returns. @throws an error with the code of what it has thrown */
  async ask(method: string, ...args: unknown[]): Promise<unknown> {
    this.tell(method, ...args);
    const { done, value: line } = await this.#answers.next();
    if (done === true) throw new Error(`the user has ended instead of: ${method}`);
    const { value, code, message } = JSON.parse(line) as Answer;
    if (message !== undefined) throw Object.assign(new Error(message), { code });
    return value;
  }

  tell(method: string, ...args: unknown[]): void {
    this.#child.stdin.write(`${JSON.stringify([method, ...args])}\n`);
  }

  async open(options: SharedMemoryOptions): Promise<{ name: string; size: number; track: boolean }> {
    return (await this.ask('open', options)) as { name: string; size: number; track: boolean };
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    await this.#exit;
  }

  /** In good order. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#exit;
  }
}

export const exists = (name: string): boolean => existsSync(`/dev/shm/${name}`);
