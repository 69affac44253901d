/** The part of a handle that talks to the server: its keys, its scripts, and the waits that are pending here. */

import { BackendLost, InvalidStateError } from '../../errors.ts';
import type { WaitOptions } from '../../loop/index.ts';
import type { BackendOptions } from '../server/backend.ts';
import { Client } from '../server/client.ts';
import type { Script } from '../server/connection.ts';
import type { RedisArgument } from '../server/redis.ts';
import { type Plan, type timedOut, wait } from './waiting.ts';

export interface RunOptions {
  /** Texts of the answer are Buffers. */
  readonly isBinary?: boolean;
  readonly number?: number;
}

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

  /**
   * Runs a script on the keys of the object.
   *
   * @param number that of the wait to which the call belongs. Default: one of its own
   * @throws as `Client.run`
   */
  async run(what: Script, args: readonly RedisArgument[] = [], { isBinary = false, number }: RunOptions = {}): Promise<unknown> {
    const { client } = this;
    const its = number ?? client.begin();
    try {
      return await client.run(what, this.keys, [client.head(its), ...args], isBinary);
    } finally {
      if (number === undefined) client.end(its);
    }
  }

  /** The same, of a call whose outcome is no longer of interest: what the server keeps for it ends by itself. */
  async runLate(what: Script, args: readonly RedisArgument[] = [], options?: RunOptions): Promise<void> {
    try {
      await this.run(what, args, options);
    } catch (error) {
      if (!(error instanceof BackendLost) && !(error instanceof InvalidStateError)) process.emitWarning(error as Error);
    }
  }

  /**
   * Waits until the server gives something.
   *
   * @param planOf makes the plan of a wait of this number, which scripts call by this token
   * @throws InvalidStateError when the handle is closed meanwhile; what `ask` throws; the reason of the signal
   */
  async wait<T>(
    planOf: (number: number, token: string) => Plan<T>,
    options: number | WaitOptions | undefined,
  ): Promise<T | typeof timedOut> {
    const { client } = this;
    const number = client.begin();
    let leaving: Promise<void> | undefined;
    try {
      const plan = planOf(number, `${client.id}:${number}`);
      const leave = (): Promise<void> => (leaving = Promise.resolve(plan.leave?.()));
      return await wait({ ...plan, leave }, client, this.#pending, options);
    } finally {
      if (leaving === undefined) client.end(number);
      else void leaving.finally(() => client.end(number));
    }
  }

  /** Ends all waits, gives back what is held, and closes the connections with their last user. */
  async close(): Promise<void> {
    const error = new InvalidStateError(`this handle on the ${this.title} was closed while the call waited`);
    for (const end of this.#pending) end(error);
    try {
      await this.onClose?.();
    } finally {
      this.#isClosed = true;
      await this.#client.close();
    }
  }
}
