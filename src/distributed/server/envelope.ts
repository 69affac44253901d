/**
 * Messages between callers and workers: a head of plain data, and parts that are bytes.
 *
 *   flags: 1   mac: 32, if signed   length of the head: 4   head: JSON   part   part …
 *
 * The mac is HMAC-SHA256, by the key that both sides have, of what the message is for, and of all that follows. What a message is for (a task for one queue,
 * a reply to one caller, a call to one worker) is known to its receiver and does not travel: a message is worth nothing elsewhere. The head has the number of
 * its task and of its caller, by which the receiver knows a message that comes again.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { AuthenticationError } from '../../errors.ts';

const SIGNED = 1;
const macLength = 32;
const lengthOfLength = 4;

/** A message that was opened. */
export interface Opened<H> {
  readonly head: H;
  readonly parts: readonly Buffer[];
  readonly isSigned: boolean;
}

interface Framed {
  /** Lengths of the parts. */
  readonly l?: readonly number[];
}

export class Seal {
  readonly #key: Buffer | undefined;

  /** @param key undefined: messages are not signed, and what is signed is not believed */
  constructor(key: Uint8Array | undefined) {
    this.#key = key === undefined ? undefined : Buffer.from(key);
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  close(purpose: string, head: object, parts: readonly Uint8Array[]): Buffer {
    const text = Buffer.from(JSON.stringify(parts.length === 0 ? head : { ...head, l: parts.map(({ length }) => length) }));
    const length = Buffer.allocUnsafe(lengthOfLength);
    length.writeUInt32LE(text.length);
    const body = [length, text, ...parts];
    if (this.#key === undefined) return Buffer.concat([Buffer.of(0), ...body]);
    return Buffer.concat([Buffer.of(SIGNED), this.#macOf(purpose, body), ...body]);
  }

  /** @throws AuthenticationError for a message that is not signed by the key, where there is one, or is no message */
  open<H extends object>(purpose: string, message: Buffer): Opened<H> {
    const isSigned = message[0] === SIGNED;
    const start = 1 + (isSigned ? macLength : 0);
    if (message.length < start + lengthOfLength || message[0]! > SIGNED) throw new AuthenticationError('the message is damaged');
    const body = message.subarray(start);
    if (this.#key !== undefined) {
      if (!isSigned) throw new AuthenticationError('the message is not signed, and there is an authkey here');
      if (!timingSafeEqual(message.subarray(1, start), this.#macOf(purpose, [body])))
        throw new AuthenticationError('the message is signed by another authkey, was altered, or is for another receiver');
    }
    return { ...unpack<H>(body), isSigned: this.#key !== undefined };
  }

  #macOf(purpose: string, body: readonly Uint8Array[]): Buffer {
    const hmac = createHmac('sha256', this.#key!).update(purpose).update('\0');
    for (const part of body) hmac.update(part);
    return hmac.digest();
  }
}

function unpack<H extends object>(body: Buffer): { readonly head: H; readonly parts: Buffer[] } {
  const end = lengthOfLength + body.readUInt32LE();
  let head: H & Framed;
  try {
    head = JSON.parse(body.toString('utf8', lengthOfLength, end)) as H & Framed;
  } catch {
    throw new AuthenticationError('the message is damaged');
  }
  const parts: Buffer[] = [];
  let at = end;
  for (const length of head.l ?? []) {
    if (!Number.isSafeInteger(length) || length < 0 || at + length > body.length) throw new AuthenticationError('the message is damaged');
    parts.push(body.subarray(at, at + length));
    at += length;
  }
  return { head, parts };
}
