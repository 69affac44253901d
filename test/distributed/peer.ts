/**
 * Another program that uses distributed objects, to be killed or stopped.
 *
 *   await using peer = await startPeer();
 *   const lock = await peer.make('DistributedLock', name, options);
 *   await lock('acquire');
 *   await peer.kill();
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Order {
  readonly id: number;
  readonly on: number;
  readonly make?: string | undefined;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Answered {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}

/** Calls a method of an object of the peer, or reads a property. */
export type RemoteObject = (method: string, ...args: unknown[]) => Promise<any>;

export class Peer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (answer: Answered) => void>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: Answered) => this.#pending.get(answer.id)?.(answer));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Makes an object of a class. */
  async make(Class: string, ...args: unknown[]): Promise<RemoteObject> {
    const on = (await this.#send({ on: 0, make: Class, method: '', args })) as number;
    return this.on(on);
  }

  /** Something that a call has kept there, such as a guard. */
  on(number: number): RemoteObject {
    return (method, ...args) => this.#send({ on: number, method, args });
  }

  async #send(order: Omit<Order, 'id'>): Promise<unknown> {
    const id = ++this.#last;
    const answer = new Promise<Answered>((resolve) => this.#pending.set(id, resolve));
    this.#child.send({ ...order, id });
    const { value, error } = await answer;
    if (error !== undefined) throw Object.assign(new Error(error.message), { name: error.name });
    return value;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

export async function startPeer(): Promise<Peer> {
  const child = fork(fileURLToPath(new URL('peer-main.js', import.meta.url)), { serialization: 'advanced' });
  await once(child, 'message');
  return new Peer(child);
}

/** Waits until a condition holds, and looks at the server now and then. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
