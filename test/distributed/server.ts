/**
 * A Redis server of a test's own: on the loopback, with a free port and a directory that is removed with it.
 *
 *   skip: noServer             a test that needs one is skipped where there is none, with a line that says how to get it
 *   await using server = await startServer()
 *   await server.kill()        as a crash does; start() brings it back with what its log has
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { REDIS_URL } = process.env;

/** Why tests that need a server cannot run, for `skip`; false where there is one. */
export const noServer: string | false =
  REDIS_URL !== undefined || hasProgram('redis-server')
    ? false
    : 'needs a Redis server >= 7: install one (Debian: apt-get install redis-server) or set REDIS_URL to that of a server to be used';

/** The same for tests that kill, stop or set up the server: it must be the test's own. */
export const noOwnServer: string | false = hasProgram('redis-server')
  ? false
  : 'needs redis-server >= 7 in PATH: install it (Debian: apt-get install redis-server)';

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface ServerOptions {
  /** True: its log of changes survives `kill()`; default false: it keeps nothing. */
  readonly appendOnly?: boolean;
  /** Further options of the server's command line, such as `['--requirepass', 'secret']`. */
  readonly args?: readonly string[];
  /** The part of `url` before the host; default nothing. */
  readonly auth?: string;
  /** Starts a server of the test's own, also where `REDIS_URL` names one. Default false. */
  readonly isOwn?: boolean;
}

export class TestServer implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly #options: ServerOptions;
  readonly #directory: string | undefined;
  #process: ChildProcess | undefined;

  /** Use `startServer`. */
  constructor(url: string, port: number, directory: string | undefined, options: ServerOptions) {
    this.url = url;
    this.port = port;
    this.#directory = directory;
    this.#options = options;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  /** Starts it, and waits until it takes connections. */
  async start(): Promise<void> {
    const { appendOnly = false, args = [] } = this.#options;
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#directory!, '--save', ''];
    const log = ['--appendonly', appendOnly ? 'yes' : 'no', '--maxmemory-policy', 'noeviction', '--loglevel', 'warning'];
    this.#process = spawn('redis-server', [...own, ...log, ...args], { stdio: 'ignore' });
    while (!(await this.#takesConnections()));
  }

  async #takesConnections(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write('PING\r\n');
      // The server answers LOADING until it has read its log.
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return !answer.toString().startsWith('-LOADING');
    } catch {
      if (this.#process!.exitCode !== null) throw new Error(`redis-server exited with code ${this.#process!.exitCode}`);
      return await new Promise((resolve) => setImmediate(resolve, false));
    } finally {
      socket.destroy();
    }
  }

  /** Sends one command, and gives the answer as the server writes it, without its last line end. */
  async command(...words: readonly string[]): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString().trimEnd();
    } finally {
      socket.destroy();
    }
  }

  /** Sends a signal to the server: `SIGSTOP` holds it, `SIGCONT` lets it go on. */
  signal(name: NodeJS.Signals): void {
    this.#process!.kill(name);
  }

  /** Kills it as a crash does, and waits for its end. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#directory === undefined) return;
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A free port of the loopback. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server, or takes that of `REDIS_URL`. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  if (REDIS_URL !== undefined && options.isOwn !== true && options.appendOnly !== true && options.args === undefined)
    return new TestServer(REDIS_URL, Number(new URL(REDIS_URL).port || 6379), undefined, options);
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'heddle-redis-'));
  const server = new TestServer(
    `redis://${options.auth === undefined ? '' : `${options.auth}@`}127.0.0.1:${port}`,
    port,
    directory,
    options,
  );
  await server.start();
  return server;
}

let names = 0;

/** A name that no other test uses: servers of `REDIS_URL` are shared. */
export function freeName(): string {
  return `test-${process.pid}-${Date.now().toString(36)}-${++names}`;
}
