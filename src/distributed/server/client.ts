/**
 * The connections that the distributed objects of a thread share: one connection for calls and one for notifications to each server, whatever the number of objects.
 *
 *   DistributedLock ─┐                      ┌── commands: scripts, by EVALSHA, answered in order ──┐
 *   DistributedQueue ┼── Client, counted ───┤                                                      ├── server
 *   DistributedMap ──┘                      └── notifications: SUBSCRIBE, "look again" ────────────┘
 *
 * A notification says no more than that: what counts is the answer of the script that is called then. One that is lost costs time, as all waits look
 * again by themselves now and then, and at once when the connection has come back.
 */

import { createHash, randomUUID } from 'node:crypto';
import { UnsupportedPlatformError } from '../../errors.ts';
import { type Backend, type BackendOptions, readBackend } from './backend.ts';
import { type CallOptions, Connection, isRefusal, type Script } from './connection.ts';
import type { Redis, RedisArgument } from './redis.ts';

/** Scripts go by their hashes: each new connection sends the texts of all. */
const scripts: Script[] = [];

/** Declares a script, when its module is loaded. */
export function script(text: string): Script {
  const made = { text, hash: createHash('sha1').update(text).digest('hex') };
  scripts.push(made);
  return made;
}

type Listener = (message: string | undefined) => void;

/** By what they connect to. */
const clients = new Map<string, Client>();

export class Client {
  readonly backend: Backend;
  /** Tells this client from all others, of whatever machine. */
  readonly id: string = randomUUID();
  readonly #place: string;
  readonly #commands: Connection;
  readonly #notifications: Connection;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The connection that has subscribed to all channels of `#listeners`. */
  #subscriber: Redis | undefined;
  readonly #waits = new Map<string, () => void>();
  #last = 0;
  readonly #begun = new Set<number>();
  #stopListening: (() => void) | undefined;
  #wasReady = false;
  #users = 0;

  /** The client of this thread for a backend; it is the caller's until `close`. */
  static open(options: BackendOptions = {}): Client {
    const backend = readBackend(options);
    const place = JSON.stringify(backend.options);
    let client = clients.get(place);
    if (client === undefined) {
      client = new Client(backend, place);
      clients.set(place, client);
    }
    client.#users += 1;
    return client;
  }

  private constructor(backend: Backend, place: string) {
    this.backend = backend;
    this.#place = place;
    this.#commands = new Connection(backend, async (redis) => {
      await checkServer(redis, backend.address);
      this.#wasReady = true;
      await Promise.all(scripts.map(({ text }) => redis.call('script', ['load', text])));
    });
    this.#notifications = new Connection(backend, async (redis) => this.#resubscribe(redis));
  }

  /** True when the server has answered once. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  /** Numbers a call or a wait: the server may know it until `end`, so that asking again is not doing again. */
  begin(): number {
    this.#last += 1;
    this.#begun.add(this.#last);
    return this.#last;
  }

  /** A call or a wait is over: the server may forget it. */
  end(number: number): void {
    this.#begun.delete(number);
  }

  /** The first argument of all scripts: the prefix of all keys, this client, the number of the call, and below which number the server may forget. */
  head(number: number): string {
    const [oldest = number] = this.#begun;
    return `${this.backend.prefix} ${this.id} ${number} ${oldest}`;
  }

  /**
   * Calls a function when a script has called the wait of this name, and whenever such a call may have been missed. Keeps the process alive until the
   * returned function is called.
   */
  onCall(token: string, look: () => void): () => void {
    this.#waits.set(token, look);
    this.#stopListening ??= this.listen(`${this.backend.prefix}:inbox:${this.id}`, (called) => {
      if (called !== undefined) this.#waits.get(called)?.();
      else for (const one of this.#waits.values()) one();
    });
    return () => {
      this.#waits.delete(token);
      if (this.#waits.size > 0) return;
      this.#stopListening?.();
      this.#stopListening = undefined;
    };
  }

  /** A key of an object. All keys of one object lie in one slot of a cluster. */
  key(kind: string, name: string, part?: string): string {
    const key = `${this.backend.prefix}:${kind}:{${name}}`;
    return part === undefined ? key : `${key}:${part}`;
  }

  /** Sends a command. @throws BackendLost, AuthenticationError, UnsupportedPlatformError, an error that the server answered */
  call(command: string, args: readonly RedisArgument[], options?: CallOptions): Promise<unknown> {
    return this.#commands.call(command, args, options);
  }

  /** Resolves when the server has answered for the first time. @throws as `call` */
  async ready(): Promise<void> {
    if (!this.#wasReady) await this.#commands.call('ping', [], { isRepeatable: true });
  }

  /** Runs a script. It must be one that does no harm when it runs twice. @throws as `call` */
  run(its: Script, keys: readonly string[], args: readonly RedisArgument[], isBinary = false): Promise<unknown> {
    return this.#commands.run(its, keys, args, isBinary);
  }

  /**
   * Calls a function for each message of a channel, and with undefined when messages may have been missed: each time that the subscription has become
   * active. Keeps the process alive until the returned function is called.
   */
  listen(channel: string, listener: Listener): () => void {
    let listeners = this.#listeners.get(channel);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(channel, listeners);
    }
    listeners.add(listener);
    this.#notifications.hold();
    if (listeners.size === 1) this.#subscribe(channel);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      listeners.delete(listener);
      if (listeners.size === 0) this.#unsubscribe(channel, listeners);
      this.#notifications.release();
    };
  }

  #subscribe(channel: string): void {
    this.#subscriber?.subscribe(channel).then(() => this.#tell(channel, undefined), ignoreEnd);
  }

  #unsubscribe(channel: string, listeners: ReadonlySet<Listener>): void {
    if (this.#listeners.get(channel) !== listeners) return;
    this.#listeners.delete(channel);
    this.#subscriber?.unsubscribe(channel).catch(ignoreEnd);
  }

  async #resubscribe(redis: Redis): Promise<void> {
    redis.on('end', () => {
      if (this.#subscriber === redis) this.#subscriber = undefined;
    });
    redis.on('message', (channel: string, message: string) => this.#tell(channel, message));
    for (;;) {
      const channels = [...this.#listeners.keys()];
      if (channels.length > 0) await redis.subscribe(...channels);
      for (const channel of channels) this.#tell(channel, undefined);
      // More may have come meanwhile.
      if ([...this.#listeners.keys()].every((channel) => channels.includes(channel))) break;
    }
    this.#subscriber = redis;
  }

  #tell(channel: string, message: string | undefined): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message);
  }

  /** Ends the use of the client by its caller; with its last user its connections end. */
  async close(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    clients.delete(this.#place);
    await Promise.all([this.#commands.close(), this.#notifications.close(true)]);
  }
}

/** A connection that has ended is noticed by itself, and all channels are subscribed to again. */
function ignoreEnd(error: unknown): void {
  if (error instanceof Error && error.name === 'ReplyError') process.emitWarning(error);
}

const oldestRedis = 7;

/**
 * Checks that the server can keep distributed objects: Redis >= 7 or Valkey, and it never throws keys away.
 *
 * @throws UnsupportedPlatformError if it cannot
 */
export async function checkServer(redis: Redis, address: string): Promise<void> {
  const info = await infoOf(redis, address);
  const fact = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = fact('redis_version') ?? '';
  const isValkey = fact('valkey_version') !== undefined || fact('server_name') === 'valkey';
  if (!isValkey && !(Number.parseInt(version, 10) >= oldestRedis))
    throw new UnsupportedPlatformError(`heddle/distributed needs Redis >= ${oldestRedis} or Valkey: ${address} is Redis ${version}`);
  const mode = fact('redis_mode') ?? fact('server_mode');
  if (mode === 'cluster' || mode === 'sentinel')
    throw new UnsupportedPlatformError(`heddle/distributed needs the URL of one server: ${address} is one of a ${mode}`);
  if (fact('loading') === '1') throw new Error('LOADING the server is reading its data');
  if (fact('role') === 'slave') throw new Error('READONLY the server is a replica, which takes no writes');
  const policy = fact('maxmemory_policy');
  if (policy !== 'noeviction')
    throw new UnsupportedPlatformError(
      `heddle/distributed needs a server that throws no keys away: ${address} has maxmemory-policy ${policy}: CONFIG SET maxmemory-policy noeviction`,
    );
}

async function infoOf(redis: Redis, address: string): Promise<string> {
  try {
    return String(await redis.call('info', []));
  } catch (cause) {
    if (!(cause instanceof Error) || !cause.message.startsWith('NOPERM')) throw cause;
    throw isRefusal(
      new UnsupportedPlatformError(
        `heddle/distributed checks its server by INFO, which ${address} does not permit to this user: ACL SETUSER … +info`,
        {
          cause,
        },
      ),
    );
  }
}
