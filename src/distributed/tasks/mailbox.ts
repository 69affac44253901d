/**
 * Reads a list at the server, message by message, and loses none with a connection.
 *
 *   list ──BLMOVE, the first──▶ list:taken ──▶ handed over ──take: done with; the next 500──▶ list:taken ──▶ handed over …
 *
 * What was taken stays until it was handed over. After a lost connection it is handed over again: receivers know by its number what came before.
 */

import { BackendLost } from '../../errors.ts';
import { setImmediate } from '../../real-timers.ts';
import type { Connection } from '../server/connection.ts';
import { takeScript } from './task-scripts.ts';

/** Seconds that the server waits for a message before it is asked again. */
const waitSeconds = 5;
const most = 500;

export interface MailboxOptions {
  /** For the waiting call: nothing else goes over it. */
  readonly connection: Connection;
  readonly list: string;
  /** Milliseconds that taken messages are kept. */
  readonly keepFor: number;
  readonly receive: (message: Buffer) => void;
  /** The server cannot be reached. */
  readonly failed: (error: unknown) => void;
}

export class Mailbox {
  readonly #options: MailboxOptions;
  #isClosed = false;

  constructor(options: MailboxOptions) {
    this.#options = options;
    void this.#read();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #read(): Promise<void> {
    const { connection, list, failed } = this.#options;
    const taken = `${list}:taken`;
    while (!this.#isClosed) {
      try {
        // Messages that were taken and, as a connection was lost, perhaps not handed over.
        this.#hand((await connection.call('lrange', [taken, 0, -1], { isBinary: true, isRepeatable: true })) as Buffer[]);
      } catch (error) {
        if (this.#isClosed) return;
        failed(error);
        continue;
      }
      await this.#readOn(taken);
    }
  }

  /** Reads until the connection is lost: then what it has taken must be looked for first. */
  async #readOn(taken: string): Promise<void> {
    const { connection, list } = this.#options;
    try {
      for (;;) {
        await this.#takeAll();
        if (this.#isClosed) return;
        const options = { isBinary: true, patience: waitSeconds * 1000 };
        const message = (await connection.call('blmove', [list, taken, 'LEFT', 'RIGHT', waitSeconds], options)) as Buffer | null;
        if (message !== null) this.#hand([message]);
      }
    } catch (error) {
      if (!(error instanceof BackendLost) && !this.#isClosed) this.#options.failed(error);
    }
  }

  async #takeAll(): Promise<void> {
    const { connection, list, keepFor } = this.#options;
    for (;;) {
      const messages = (await connection.run(takeScript, [list], [most, keepFor], true)) as Buffer[];
      if (messages.length === 0 || this.#isClosed) return;
      this.#hand(messages);
      // A list that never ends must not keep the event loop.
      if (messages.length === most) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  #hand(messages: readonly Buffer[]): void {
    for (const message of messages) this.#options.receive(message);
  }
}
