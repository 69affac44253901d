/**
 * Listening for other programs.
 *
 *   connects ──▶ waits, unread, while too many prove themselves ──▶ proves that it has the key ──▶ waits for accept()
 *                                                               └─ not within its time, or wrongly: closed, and told to `onRefused`
 *
 * The file of a Unix socket can be opened by its owner alone, and goes with the listener.
 */

import type { Server, Socket } from 'node:net';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { net } from '../builtins.ts';
import { checkFunction, checkOptions } from '../check.ts';
import { AuthenticationError, InvalidStateError, TimeoutError } from '../errors.ts';
import { Deque, isAborted, type Operation, Pending, readWaitOptions, type WaitOptions, WaitList } from '../loop/index.ts';
import { TypeError } from '../refusals.ts';
import { failedAt, type Frames, framesOfCall } from '../stack-frames.ts';
import { type ConnectionAddress, describeAddress, type ListenerAddress, readAddress, readAuthkey } from './address.ts';
import { ListenerHandshake } from './handshake.ts';
import { type Proof, prove } from './prove.ts';
import { connectionOver, type SocketConnection } from './socket-connection.ts';
import { SocketFile } from './socket-file.ts';

/** Options of {@link Listener.listen}. */
export interface ListenOptions {
  /** The secret that a client must know. At least one byte. */
  readonly authkey: Uint8Array;
  /** Called for each client that did not prove in time that it knows the key: with the reason, an `AuthenticationError`. Default: nothing hears of it. */
  readonly onRefused?: ((error: Error) => void) | undefined;
}

/** A listener in numbers. */
export interface ListenerStatistics {
  /** Connections that are proved, and wait for `accept()`. */
  readonly waiting: number;
  /** Connections that have not proved yet that they know the key. */
  readonly unproved: number;
  /** Connections that were accepted. */
  readonly accepted: number;
  /** Connections that were refused, or were not proved in time. */
  readonly refused: number;
}

/** Connections that prove themselves at a time. */
const mostProving = 100;
/** Connections that wait for that, unread; further ones are closed. */
const mostUnread = 4096;
/** Milliseconds that a proof may take. */
const proofTime = 5000;
/** New connections that the system keeps; most systems allow fewer. */
const backlog = 4096;

class Accept<T> extends Pending<SocketConnection<T>> {
  readonly #left: () => void;
  readonly #unseen: (connection: SocketConnection<T>) => void;
  readonly #frames: Frames | undefined = framesOfCall();

  /** @param unseen takes back the connection of one that was killed before it was seen */
  constructor(left: () => void, unseen: (connection: SocketConnection<T>) => void) {
    super();
    this.#left = left;
    this.#unseen = unseen;
  }

  /** Last, when it is in line. */
  begin(options: WaitOptions | undefined): void {
    this.limit(options);
  }

  describe(): string {
    return 'Listener.accept()';
  }

  override expire(): void {
    this.reject(failedAt(new TimeoutError('Listener.accept(): no client has connected within its timeout'), this.#frames));
  }

  closed(): void {
    this.fail(failedAt(new InvalidStateError('Listener.accept(): the listener was closed while the call waited'), this.#frames));
  }

  protected override abandon(): void {
    this.#left();
  }

  protected override giveBack(connection: SocketConnection<T>): void {
    this.#unseen(connection);
  }
}

let isMaking = false;

/**
 * Listens for other programs that know a key, and accepts their connections. Source: multiprocessing.connection.Listener
 *
 * Both ends prove that they know the key before any received message is decoded. Messages are neither encrypted nor signed: over a network
 * that others can read, use a tunnel. The protocol is heddle's own: Python's `multiprocessing.connection` cannot connect.
 *
 * @example
 * ```ts
 * import { Client, Listener } from 'heddle';
 *
 * const authkey = Buffer.from('a secret of both ends');
 * await using listener = await Listener.listen({ port: 0 }, { authkey });
 * const client = await Client(listener.address, { authkey });
 * await client.send([1, 2, 3]);
 * const connection = await listener.accept();
 * console.log(await connection.recv()); // prints: [ 1, 2, 3 ]
 * connection.close();
 * client.close();
 * ```
 */
export class Listener<T = unknown> implements AsyncIterable<SocketConnection<T>>, AsyncDisposable {
  readonly #server: Server;
  readonly #key: Uint8Array;
  readonly #onRefused: ((error: Error) => void) | undefined;
  readonly #file: SocketFile | undefined;
  readonly #address: ListenerAddress;
  readonly #unread: Deque<Socket> = new Deque();
  readonly #ready: Deque<SocketConnection<T>> = new Deque();
  readonly #waits: WaitList<Accept<T>> = new WaitList();
  readonly #proving: Set<Socket> = new Set();
  #accepted = 0;
  #refused = 0;
  #isClosed = false;

  /** @throws TypeError always: `Listener.listen` makes listeners */
  private constructor(server: Server, address: ListenerAddress, folder: string | undefined, options: ListenOptions) {
    if (!isMaking) throw new TypeError('expected Listener.listen() to make listeners, got new Listener()');
    this.#server = server;
    this.#address = address;
    this.#key = readAuthkey(options.authkey);
    this.#onRefused = options.onRefused;
    server.on('connection', (socket: Socket) => this.#connected(socket));
    server.unref();
    if (typeof address === 'string') this.#file = new SocketFile(address, folder !== undefined);
  }

  /**
   * Begins to listen.
   *
   * @param address a path for a Unix socket, or `{ host, port }`; port 0: the system chooses one; host: `127.0.0.1` by default. No address: a Unix socket in a new
   *   folder that its owner alone can enter
   * @throws TypeError, RangeError for another address or key; Error as Node's `listen`, such as `EADDRINUSE`
   */
  static async listen<T = unknown>(address: ConnectionAddress | undefined, options: ListenOptions): Promise<Listener<T>> {
    checkOptions(options, 'the options of a Listener', ['authkey', 'onRefused']);
    readAuthkey((options as ListenOptions | undefined)?.authkey);
    if (options.onRefused !== undefined) checkFunction(options.onRefused, 'onRefused');
    const frames = framesOfCall();
    let wanted: ListenerAddress | undefined = address === undefined ? undefined : readAddress(address, 0);
    let folder: string | undefined;
    const server = net().createServer({ pauseOnConnect: true });
    try {
      if (wanted === undefined) {
        folder = mkdtempSync(join(tmpdir(), 'heddle-'));
        wanted = readAddress(join(folder, 'socket'), 0);
      }
      await listening(server, wanted);
      if (typeof wanted === 'string') chmodSync(wanted, 0o600);
    } catch (error) {
      server.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      throw failedAt(error as Error, frames);
    }
    isMaking = true;
    try {
      return new Listener<T>(server, addressOf(server, wanted), folder, options);
    } finally {
      isMaking = false;
    }
  }

  /** Where it listens: a path, or host and port. A `Client` can be given it as it is. */
  get address(): ListenerAddress {
    return this.#address;
  }

  #connected(socket: Socket): void {
    socket.unref();
    socket.on('error', () => {});
    if (this.#unread.length >= mostUnread) {
      socket.destroy();
      this.#refuse('too many connect at a time');
      return;
    }
    this.#unread.push(socket);
    this.#proveNext();
  }

  #proveNext(): void {
    while (this.#proving.size < mostProving) {
      const socket = this.#unread.shift();
      if (socket === undefined) return;
      if (socket.destroyed) continue;
      this.#proving.add(socket);
      prove(socket, new ListenerHandshake(this.#key), proofTime, (proof) => this.#proved(socket, proof));
      socket.resume();
    }
  }

  #proved(socket: Socket, proof: Proof): void {
    this.#proving.delete(socket);
    if ('why' in proof) this.#refuse(proof.why, proof.cause);
    else if (this.#isClosed) socket.destroy();
    else {
      this.#ready.push(connectionOver<T>(socket, `the connection to ${describeAddress(this.#address)}`, proof.rest));
      this.#serve();
    }
    this.#proveNext();
  }

  #refuse(why: string, cause?: Error): void {
    this.#refused += 1;
    this.#onRefused?.(new AuthenticationError(`a connection to ${describeAddress(this.#address)} was refused: ${why}`, { cause }));
  }

  #serve(): void {
    while (this.#ready.length > 0 && this.#waits.length > 0) {
      this.#accepted += 1;
      this.#waits.shift()!.settle(this.#ready.shift()!);
    }
    this.#hold();
  }

  /** A connection that was given out and not seen is there for the next call. */
  #takeBack(connection: SocketConnection<T>): void {
    if (this.#isClosed) return connection.close();
    this.#accepted -= 1;
    this.#ready.unshift(connection);
    this.#serve();
  }

  /** The program is kept alive by those that wait for a client. */
  #hold(): void {
    if (this.#waits.length > 0) this.#server.ref();
    else this.#server.unref();
  }

  /**
   * Accepts a connection, and waits for one. Clients that cannot prove that they know the key are refused, and the wait goes on.
   *
   * @param options milliseconds, or `{ timeout, signal }`; indefinitely by default
   * @throws TimeoutError if no client came in time; InvalidStateError if the listener is closed, or is closed meanwhile
   */
  accept(options?: number | WaitOptions): Operation<SocketConnection<T>> {
    if (this.#isClosed) throw new InvalidStateError('Listener.accept(): the listener is closed');
    const wait = readWaitOptions(options);
    const accept = new Accept<T>(
      () => this.#hold(),
      (connection) => this.#takeBack(connection),
    );
    if (!isAborted(options)) {
      this.#waits.push(accept);
      this.#serve();
    }
    accept.begin(wait);
    return accept;
  }

  /**
   * Ends listening. Pending calls of `accept` fail with `InvalidStateError`, and connections that were not accepted are closed. Accepted
   * connections stay. The file of a Unix socket is removed. Closing twice has no effect.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.close();
    this.#file?.remove();
    for (const socket of this.#proving) socket.destroy();
    for (let socket = this.#unread.shift(); socket !== undefined; socket = this.#unread.shift()) socket.destroy();
    for (let one = this.#ready.shift(); one !== undefined; one = this.#ready.shift()) one.close();
    for (let one = this.#waits.shift(); one !== undefined; one = this.#waits.shift()) one.closed();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** `for await` accepts connections until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SocketConnection<T>, undefined> {
    while (!this.#isClosed) {
      try {
        yield await this.accept();
      } catch (error) {
        if (!this.#isClosed) throw error;
      }
    }
    return undefined;
  }

  /** The present state in numbers. */
  statistics(): ListenerStatistics {
    return {
      waiting: this.#ready.length,
      unproved: this.#proving.size + this.#unread.length,
      accepted: this.#accepted,
      refused: this.#refused,
    };
  }
}

/** Resolves when the server listens; rejects as Node does. */
async function listening(server: Server, address: ListenerAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const done = (): void => {
      server.off('error', reject);
      // A connection that breaks while it is accepted ends no program.
      server.on('error', () => {});
      resolve();
    };
    if (typeof address === 'string') server.listen({ path: address, backlog, exclusive: true }, done);
    else server.listen({ host: address.host, port: address.port, backlog, exclusive: true }, done);
  });
}

/** The address with the port that the system has chosen. */
function addressOf(server: Server, wanted: ListenerAddress): ListenerAddress {
  if (typeof wanted === 'string') return wanted;
  const { port } = server.address() as { readonly port: number };
  return { host: wanted.host, port };
}
