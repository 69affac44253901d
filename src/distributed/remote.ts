/** What a handle has of its object at the server: its keys, its scripts, and the waits that are pending here. */

import { BackendLost, InvalidStateError } from '../errors.ts';
import type { WaitOptions } from '../loop/index.ts';
import type { BackendOptions } from './backend.ts';
import { Client, type Script } from './client.ts';
import type { RedisArgument } from './redis.ts';
import { type Plan, type timedOut, wait } from './waiting.ts';

export class Remote {
  /** For people: `DistributedLock 'reports'`. */
  readonly title: string;
  readonly keys: string[];
  readonly #client: Client;
  readonly #pending: Set<(error: Error) => void> = new Set();
  #isClosed = false;
  /** Gives back what the handle holds, before it is closed. */
  onClose: (() => Promise<void>) | undefined;

  /** @param parts the ends of its keys; the first key has none */
  constructor(title: string, kind: string, name: string, parts: readonly string[], options: BackendOptions | undefined) {
    this.title = title;
    this.#client = Client.open(options);
    this.keys = [this.#client.key(kind, name), ...parts.map((part) => this.#client.key(kind, name, part))];
  }

  /** @throws InvalidStateError if the handle is closed */
  get client(): Client {
    if (this.#isClosed) throw new InvalidStateError(`this handle on the ${this.title} is closed`);
    return this.#client;
  }

  /** Runs a script on the keys of the object; its first argument is the prefix of all keys. @throws as `Client.run` */
  async run(what: Script, args: readonly RedisArgument[] = [], isBinary?: boolean): Promise<unknown> {
    return this.client.run(what, this.keys, [this.#client.backend.prefix, ...args], isBinary);
  }

  /** The same, of a call whose outcome is no longer of interest: what the server keeps for it ends by itself. */
  runLate(what: Script, args: readonly RedisArgument[]): void {
    this.run(what, args).catch((error: unknown) => {
      if (!(error instanceof BackendLost) && !(error instanceof InvalidStateError)) process.emitWarning(error as Error);
    });
  }

  /** Waits until the server gives something. @throws InvalidStateError when the handle is closed meanwhile; what `ask` throws; the reason of the signal */
  async wait<T>(plan: Plan<T>, options: number | WaitOptions | undefined): Promise<T | typeof timedOut> {
    return wait(plan, this.client, this.#pending, options);
  }

  /** Ends all waits, gives back what is held, and closes the connections with their last user. */
  async close(): Promise<void> {
    const error = new InvalidStateError(`this handle on the ${this.title} was closed while the call waited`);
    for (const end of [...this.#pending]) end(error);
    try {
      await this.onClose?.();
    } finally {
      this.#isClosed = true;
      await this.#client.close();
    }
  }
}
