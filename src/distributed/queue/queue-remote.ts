/** Runs the scripts of a queue, with the arguments that all of them have. */

import type { Client } from '../server/client.ts';
import type { Script } from '../server/connection.ts';
import type { RedisArgument } from '../server/redis.ts';
import type { Remote } from '../objects/remote.ts';
import { refuseDifference } from '../objects/scripts.ts';

export class QueueRemote {
  readonly #remote: Remote;
  readonly maxSize: number;

  constructor(remote: Remote, maxSize: number) {
    this.#remote = remote;
    this.maxSize = maxSize;
  }

  get title(): string {
    return this.#remote.title;
  }

  /** @throws InvalidStateError if the handle is closed */
  get client(): Client {
    return this.#remote.client;
  }

  /** Runs a script. @throws InvalidStateError if the queue was made with another size; what the client throws */
  async call<T>(what: Script, args: readonly RedisArgument[], isBinary: boolean = false): Promise<[state: number, answer: T]> {
    const [state, answer] = (await this.#remote.run(what, [this.maxSize, ...args], { isBinary })) as [number, T];
    if (state === -1) throw refuseDifference(this.title, 'maxSize', this.maxSize, String(answer));
    return [state, answer];
  }

  /** Runs a script whose outcome is no longer of interest. */
  late(what: Script, args: readonly RedisArgument[]): void {
    void this.#remote.runLate(what, [this.maxSize, ...args]);
  }
}
