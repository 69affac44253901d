/**
 * The outbox of a worker: its scripts, and its messages to callers. Messages of one turn go together.
 *
 *   end    the outcome of a task, in one step with the mark that the task is over
 *   tell   news of a task that runs
 *
 * A large message is put aside first, and a pointer goes in its place.
 */

import { BrokenExecutor, messageOf } from '../../errors.ts';
import { setImmediate } from '../../real-timers.ts';
import type { Connection, Script } from '../server/connection.ts';
import type { Seal } from '../server/envelope.ts';
import { type Keys, purposes } from '../server/keys.ts';
import { largeFrom, type LargeValues } from '../server/large.ts';
import type { ReplyHead } from './messages.ts';
import { endScript, tellScript } from './task-scripts.ts';

/** Milliseconds that replies are kept, if their caller does not say otherwise. */
const repliesKept = 300_000;

export interface OutboxOptions {
  readonly commands: Connection;
  readonly keys: Keys;
  readonly seal: Seal;
  readonly large: LargeValues;
  readonly failed: (error: unknown) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  #ends: (string | number | Buffer)[] = [];
  #tells: (string | Buffer)[] = [];
  /** Commands on their way. */
  readonly #sending = new Set<Promise<unknown>>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  run(script: Script, args: readonly (string | number | Buffer)[]): Promise<unknown> {
    const { commands, keys } = this.#options;
    const sending = commands.run(script, [keys.base], args);
    this.#sending.add(sending);
    const sent = (): void => void this.#sending.delete(sending);
    sending.then(sent, sent);
    return sending;
  }

  end(caller: string, number: number, claim: string, head: ReplyHead, parts: readonly Uint8Array[]): void {
    const message = this.#messageFor(caller, head, parts);
    if (message.length <= largeFrom) return this.#endWith(caller, number, claim, message);
    const putting = this.#options.large.put(message).then(
      ({ pointer }) => this.#endWith(caller, number, claim, pointer),
      (error: unknown) => {
        const why = `its result of ${message.length} bytes could not be put aside: ${messageOf(error)}`;
        const refused = { kind: 'refused', number, error: why, code: BrokenExecutor.code } as const;
        this.#endWith(caller, number, claim, this.#messageFor(caller, refused, []));
      },
    );
    this.#sending.add(putting);
    void putting.then(() => this.#sending.delete(putting));
  }

  #messageFor(caller: string, head: ReplyHead, parts: readonly Uint8Array[]): Buffer {
    const { seal, keys } = this.#options;
    return seal.close(purposes.reply(keys.base, caller), head, parts);
  }

  #endWith(caller: string, number: number, claim: string, message: Buffer): void {
    if (this.#ends.push(caller, number, claim, message) > 4) return;
    setImmediate(() => {
      const all = this.#ends;
      this.#ends = [];
      this.run(endScript, [repliesKept, ...all]).catch(this.#options.failed);
    });
  }

  tell(caller: string, head: ReplyHead, parts: readonly Uint8Array[]): void {
    this.#tellWith(caller, this.#messageFor(caller, head, parts));
  }

  async tellLarge(caller: string, head: ReplyHead, parts: readonly Uint8Array[]): Promise<void> {
    const message = this.#messageFor(caller, head, parts);
    this.#tellWith(caller, message.length <= largeFrom ? message : (await this.#options.large.put(message)).pointer);
  }

  #tellWith(caller: string, message: Buffer): void {
    if (this.#tells.push(caller, message) > 2) return;
    queueMicrotask(() => {
      const all = this.#tells;
      this.#tells = [];
      this.run(tellScript, [repliesKept, ...all]).catch(this.#options.failed);
    });
  }

  /** Resolves when the messages of this turn have been sent, and the server has answered. */
  async sent(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    await Promise.allSettled(this.#sending);
  }
}
