/** Connecting to a listener. Source: multiprocessing.connection.Client */

import type { Socket } from 'node:net';
import { net } from '../builtins.ts';
import { checkOptions } from '../check.ts';
import { AuthenticationError, TimeoutError } from '../errors.ts';
import { readWaitOptions, type WaitOptions } from '../loop/index.ts';
import { clearTimeout, setTimeout } from '../real-timers.ts';
import { type ConnectionAddress, describeAddress, type ListenerAddress, readAddress, readAuthkey } from './address.ts';
import { ClientHandshake } from './handshake.ts';
import { prove } from './prove.ts';
import { failedAt, framesOfCall } from '../stack-frames.ts';
import { connectionOver, type SocketConnection } from './socket-connection.ts';

/** Options of {@link Client}. */
export interface ClientOptions extends WaitOptions {
  /** The secret that the listener must know, too. At least one byte. */
  readonly authkey: Uint8Array;
  /** Milliseconds until the connection must be there and proved. Default 30,000. */
  readonly timeout?: number | undefined;
}

const defaultTimeout = 30_000;
const longestTimer = 0x7fff_ffff;
/** Milliseconds before a listener with too many new connections is tried again. */
const retryMs = 5;

/**
 * Connects to a {@link Listener}, in this program or another one. Resolves when both ends have proved that they know the key.
 *
 * Source: multiprocessing.connection.Client
 *
 * @param address a path of a Unix socket, or `{ host, port }`; host: `127.0.0.1` by default
 * @throws AuthenticationError if one end does not know the other's key, or the peer is not a listener of heddle
 * @throws TimeoutError if that took longer than `timeout`; Error as Node's `connect`, such as `ECONNREFUSED`
 *
 * @example
 * ```ts
 * import { Client, Listener } from 'heddle';
 *
 * await using listener = await Listener.listen(undefined, { authkey: Buffer.from('right') });
 * await Client(listener.address, { authkey: Buffer.from('wrong') }).catch((error) => console.log(error.name)); // prints: AuthenticationError
 * ```
 */
export async function Client<T = unknown>(address: ConnectionAddress, options: ClientOptions): Promise<SocketConnection<T>> {
  const there = readAddress(address, 1);
  checkOptions(options, 'the options of a Client', ['authkey', 'timeout', 'signal']);
  const key = readAuthkey((options as ClientOptions | undefined)?.authkey);
  const { timeout, signal } = readWaitOptions({ timeout: options.timeout ?? defaultTimeout, signal: options.signal });
  signal?.throwIfAborted();
  const frames = framesOfCall();
  const connecting = new Connecting(there, key);
  const late = (): void =>
    connecting.fail(new TimeoutError(`Client(): no proved connection to ${describeAddress(there)} within ${timeout} ms`));
  const timer = setTimeout(late, Math.min(timeout, longestTimer));
  const onAbort = (): void => connecting.fail(signal!.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const { socket, rest } = await connecting.proved;
    return connectionOver<T>(socket, `the connection to ${describeAddress(there)}`, rest);
  } catch (error) {
    // The reason of an abort is the user's own.
    throw signal?.aborted === true && error === signal.reason ? error : failedAt(error as Error, frames);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

interface Proved {
  readonly socket: Socket;
  readonly rest: Uint8Array;
}

/** A connection that is being made. */
class Connecting {
  readonly proved: Promise<Proved>;
  /** Ends it with an error, if it has not ended yet. */
  readonly fail: (error: unknown) => void;
  readonly #address: ListenerAddress;
  readonly #key: Uint8Array;
  readonly #resolve: (proved: Proved) => void;
  #socket: Socket | undefined;
  #isOver = false;

  constructor(address: ListenerAddress, key: Uint8Array) {
    this.#address = address;
    this.#key = key;
    let resolved: (proved: Proved) => void;
    let rejected: (error: unknown) => void;
    this.proved = new Promise((resolve, reject) => {
      resolved = resolve;
      rejected = reject;
    });
    this.#resolve = (proved) => {
      this.#isOver = true;
      resolved(proved);
    };
    this.fail = (error) => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#socket?.destroy();
      rejected(error);
    };
    this.#try();
  }

  #try(): void {
    if (this.#isOver) return;
    const address = this.#address;
    const socket = typeof address === 'string' ? net().connect(address) : net().connect(address.port, address.host);
    this.#socket = socket;
    const onError = (error: NodeJS.ErrnoException): void => {
      // The listener has more new connections than the system keeps for it.
      if (error.code === 'EAGAIN') setTimeout(() => this.#try(), retryMs);
      else this.fail(error);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      prove(socket, new ClientHandshake(this.#key), longestTimer, (proof) => {
        if (!('why' in proof)) this.#resolve({ socket, rest: proof.rest });
        else this.fail(new AuthenticationError(`Client(): ${describeAddress(address)}: ${proof.why}`, { cause: proof.cause }));
      });
    });
  }
}
