/**
 * The proof, by both ends of a new connection, that they know the same key; before it nothing that came is decoded.
 *
 *   listener ──▶ client    magic   nonce L
 *   client ──▶ listener    magic   nonce C   HMAC(key, 'client'   L C)
 *   listener ──▶ client    1   HMAC(key, 'listener' L C)      or 0: refused, and the connection is closed
 *
 * Each end contributes its own nonce, so no proof can be used twice. The two proofs differ in their first word, so that none can be sent
 * back to its author. Proofs are compared in constant time. Later messages are neither encrypted nor signed.
 */

import { crypto } from '../builtins.ts';

const magic = Buffer.from('heddle connection 1\n', 'latin1');
const nonceSize = 32;
const proofSize = 32;
const helloSize = magic.length + nonceSize;
const answerSize = helloSize + proofSize;
const verdictSize = 1 + proofSize;

const ACCEPTED = 1;
const REFUSED = 0;

/** How far an end is. */
export type Progress =
  | { readonly state: 'waiting'; readonly send?: Uint8Array }
  | { readonly state: 'proved'; readonly send?: Uint8Array; readonly rest: Uint8Array }
  | { readonly state: 'refused'; readonly send?: Uint8Array; readonly why: string };

const waiting: Progress = { state: 'waiting' };

function proofOf(key: Uint8Array, role: string, nonces: readonly Uint8Array[]): Uint8Array {
  const hmac = crypto().createHmac('sha256', key).update(`${role}\0`);
  for (const nonce of nonces) hmac.update(nonce);
  return hmac.digest();
}

/** Collects the bytes of the other end up to the size of a step. */
class Incoming {
  #bytes = Buffer.alloc(0);

  add(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** True if the bytes up to now can be the beginning of `start`. */
  mayBegin(start: Uint8Array): boolean {
    const count = Math.min(start.length, this.#bytes.length);
    return this.#bytes.subarray(0, count).equals(start.subarray(0, count));
  }

  take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** For people: what came instead of the protocol. */
  quote(): string {
    return JSON.stringify(this.#bytes.subarray(0, 24).toString('latin1'));
  }
}

/** One end of the proof: `begin`, then `push` for each chunk that comes. */
export interface Handshake {
  begin(): Progress;
  push(chunk: Uint8Array): Progress;
}

/** The end that listens. */
export class ListenerHandshake implements Handshake {
  readonly #key: Uint8Array;
  readonly #nonce: Buffer = crypto().randomBytes(nonceSize);
  readonly #incoming: Incoming = new Incoming();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  begin(): Progress {
    return { state: 'waiting', send: Buffer.concat([magic, this.#nonce]) };
  }

  push(chunk: Uint8Array): Progress {
    const incoming = this.#incoming;
    // A client is silent until its proof is accepted: more bytes than those of its answer are kept nowhere.
    if (incoming.length + chunk.length > answerSize) return refusal('the client sent more than its proof before that was accepted');
    incoming.add(chunk);
    if (!incoming.mayBegin(magic)) return refusal(`the client does not speak heddle's protocol: it sent ${incoming.quote()}`);
    if (incoming.length < answerSize) return waiting;
    incoming.take(magic.length);
    const nonce = incoming.take(nonceSize);
    const nonces = [this.#nonce, nonce];
    if (!crypto().timingSafeEqual(incoming.take(proofSize), proofOf(this.#key, 'client', nonces)))
      return refusal('the client does not know the authkey');
    const send = Buffer.concat([Buffer.of(ACCEPTED), proofOf(this.#key, 'listener', nonces)]);
    return { state: 'proved', send, rest: new Uint8Array(0) };
  }
}

const refusal = (why: string): Progress => ({ state: 'refused', send: Buffer.of(REFUSED), why });

/** The end that connects. */
export class ClientHandshake implements Handshake {
  readonly #key: Uint8Array;
  readonly #nonce: Buffer = crypto().randomBytes(nonceSize);
  readonly #incoming: Incoming = new Incoming();
  #nonces: readonly Uint8Array[] | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  begin(): Progress {
    return waiting;
  }

  push(chunk: Uint8Array): Progress {
    this.#incoming.add(chunk);
    return this.#nonces === undefined ? this.#answer() : this.#verdict(this.#nonces);
  }

  #answer(): Progress {
    const incoming = this.#incoming;
    if (!incoming.mayBegin(magic))
      return { state: 'refused', why: `what listens there does not speak heddle's protocol: it sent ${incoming.quote()}` };
    // The listener is silent until it has the answer.
    if (incoming.length > helloSize) return { state: 'refused', why: 'what listens there sent more than its greeting' };
    if (incoming.length < helloSize) return waiting;
    incoming.take(magic.length);
    const theirs = incoming.take(nonceSize);
    // One that sends our own nonce back wants our own proof back.
    if (theirs.equals(this.#nonce)) return { state: 'refused', why: 'what listens there sent back what it got' };
    this.#nonces = [theirs, this.#nonce];
    return { state: 'waiting', send: Buffer.concat([magic, this.#nonce, proofOf(this.#key, 'client', this.#nonces)]) };
  }

  #verdict(nonces: readonly Uint8Array[]): Progress {
    const incoming = this.#incoming;
    if (incoming.length > 0 && incoming.mayBegin(Buffer.of(REFUSED)))
      return { state: 'refused', why: 'the listener refused the proof: its authkey is another one' };
    if (incoming.length < verdictSize) return waiting;
    incoming.take(1);
    if (!crypto().timingSafeEqual(incoming.take(proofSize), proofOf(this.#key, 'listener', nonces)))
      return { state: 'refused', why: 'the listener does not know the authkey' };
    return { state: 'proved', rest: incoming.take(incoming.length) };
  }
}
