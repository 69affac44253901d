/**
 * Which server, and how it is reached: the options that all distributed classes share.
 *
 *   redis://user:password@host:6379/0     plain
 *   rediss://…                            over TLS
 *   unix:///run/redis.sock                a socket of this machine
 *
 * A server on another machine is refused without TLS and a password, unless `allowInsecure` says otherwise: tasks and values are code and data of the program.
 */

import { networkInterfaces } from 'node:os';
import { checkBoolean, checkOptions, checkTimeout, expected } from '../../check.ts';
import { RangeError, TypeError } from '../../refusals.ts';

/** The server that keeps distributed objects, and how it is reached. */
export interface BackendOptions {
  /**
   * `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` or `unix://`, with user, password and number of the database where they are needed. Default:
   * the environment variable `HEDDLE_BACKEND`.
   */
  readonly url?: string | undefined;
  /** Begins the name of each key at the server. Default `heddle`. */
  readonly prefix?: string | undefined;
  /** Permits a server on another machine without TLS or without a password. Default false. */
  readonly allowInsecure?: boolean | undefined;
  /** Options of the TLS connection, such as `ca`, `cert` and `key`, as `tls.connect` has them. */
  readonly tls?: object | undefined;
  /** Milliseconds that calls wait for a server that cannot be reached; then they reject with `BackendLost`. Default 30000. */
  readonly reconnectTimeout?: number | undefined;
}

const backendKeys = ['url', 'prefix', 'allowInsecure', 'tls', 'reconnectTimeout'] as const;

/** The same, checked, with its defaults. */
export interface Backend {
  /** Without the password, for people. */
  readonly address: string;
  /** For ioredis. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: object | undefined;
  readonly prefix: string;
  readonly reconnectTimeout: number;
  /** The options that give the same backend in another thread or process. */
  readonly options: BackendOptions;
}

const schemes: Readonly<Record<string, { readonly isSecure: boolean }>> = {
  'redis:': { isSecure: false },
  'valkey:': { isSecure: false },
  'rediss:': { isSecure: true },
  'valkeys:': { isSecure: true },
  'unix:': { isSecure: false },
};
const rule = 'a URL such as redis://127.0.0.1:6379';
const defaultPort = 6379;
const defaultReconnectTimeout = 30_000;

/**
 * Reads the options of a backend. Keys of the caller's own are not looked at.
 *
 * @throws TypeError, RangeError for what is not an option, and for a server on another machine without TLS and a password
 */
export function readBackend(options: BackendOptions = {}): Backend {
  const {
    url = process.env['HEDDLE_BACKEND'],
    prefix = 'heddle',
    allowInsecure,
    tls,
    reconnectTimeout = defaultReconnectTimeout,
  } = options;
  if (url === undefined)
    throw new TypeError(`expected url to be ${rule}, got undefined: give { url }, or set the environment variable HEDDLE_BACKEND`);
  checkBoolean(allowInsecure, 'allowInsecure');
  checkOptionalObject(tls, 'tls');
  if (typeof prefix !== 'string' || prefix === '' || /[{}\s]/.test(prefix))
    throw new TypeError(expected('prefix', 'a text without braces and spaces', prefix));
  checkTimeout(reconnectTimeout, 'reconnectTimeout');
  const place = readUrl(url);
  if (tls !== undefined && !place.isSecure)
    throw new TypeError(`expected url to begin with rediss:// or valkeys://, as there are options for tls, got ${place.address}`);
  if (allowInsecure !== true) refuseInsecure(place);
  const { address, host, port, path, username, password, db, isSecure } = place;
  reached.set(address, { url, tls });
  return {
    address,
    host,
    port,
    path,
    username,
    password,
    db,
    tls: isSecure ? { ...tls } : undefined,
    prefix,
    reconnectTimeout,
    options: { url, prefix, allowInsecure, tls, reconnectTimeout },
  };
}

/** How this thread has reached servers, by their addresses. */
const reached = new Map<string, Pick<BackendOptions, 'url' | 'tls'>>();

/** The options for a handle that goes to another machine: without what is secret. */
export function withoutSecrets(options: BackendOptions): BackendOptions {
  const { url = process.env['HEDDLE_BACKEND'] } = options;
  return { ...options, tls: undefined, url: url === undefined ? undefined : readUrl(url).address };
}

/**
 * The options of a handle that came from another machine: with the user, the password and the TLS options by which this thread reaches that server. What is
 * a server of the sender's own machine is that of `HEDDLE_BACKEND` here, if it is set.
 */
export function withSecrets(options: BackendOptions): BackendOptions {
  const { HEDDLE_BACKEND: own } = process.env;
  const { url } = options;
  if (url === undefined) return options;
  const { address, host } = readUrl(url);
  const found = reached.get(address);
  if (found !== undefined) return { ...options, ...found };
  if (own === undefined) return options;
  const isOwn = readUrl(own).address === address || host === undefined || isThisMachine(host);
  return isOwn ? { ...options, url: own } : options;
}

/** Refuses unknown keys of options that hold those of the backend and the caller's own. */
export function checkBackendOptions(options: unknown, known: readonly string[]): void {
  checkOptions(options, 'options', [...backendKeys, ...known]);
}

function checkOptionalObject(value: unknown, what: string): void {
  if (value !== undefined && (typeof value !== 'object' || value === null)) throw new TypeError(expected(what, 'an object', value));
}

type Place = Pick<Backend, 'address' | 'host' | 'port' | 'path' | 'username' | 'password' | 'db'> & { readonly isSecure: boolean };

function readUrl(text: unknown): Place {
  if (typeof text !== 'string' || !URL.canParse(text))
    throw new TypeError(expected('url', rule, typeof text === 'string' ? hidePassword(text) : text));
  const url = new URL(text);
  const scheme = schemes[url.protocol];
  if (scheme === undefined)
    throw new TypeError(
      `expected url to begin with ${Object.keys(schemes)
        .map((name) => `${name}//`)
        .join(', ')}, got ${hidePassword(text)}`,
    );
  const username = decodeURIComponent(url.username) || undefined;
  const password = decodeURIComponent(url.password) || undefined;
  if (url.protocol === 'unix:') {
    if (url.host !== '' || url.pathname.length < 2) throw new TypeError(expected('url', 'unix:///path/of/the.sock', hidePassword(text)));
    const path = decodeURIComponent(url.pathname);
    return {
      address: `unix://${path}`,
      host: undefined,
      port: undefined,
      path,
      username,
      password,
      db: readDb(url.searchParams.get('db')),
      isSecure: false,
    };
  }
  if (url.hostname === '') throw new TypeError(expected('url', rule, hidePassword(text)));
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? defaultPort : Number(url.port);
  const db = readDb(url.pathname.length > 1 ? url.pathname.slice(1) : null);
  const address = `${url.protocol}//${url.hostname}:${port}${db === 0 ? '' : `/${db}`}`;
  return { address, host, port, path: undefined, username, password, db, isSecure: scheme.isSecure };
}

function readDb(text: string | null): number {
  if (text === null) return 0;
  if (!/^\d{1,4}$/.test(text)) throw new RangeError(expected('the database of url', 'an integer >= 0', text));
  return Number(text);
}

/** The text of a URL for an error: without its password. */
function hidePassword(text: string): string {
  return text.replace(/:[^:@/]*@/, ':***@');
}

function refuseInsecure({ address, host, password, isSecure }: Place): void {
  if (host === undefined || isThisMachine(host) || (isSecure && password !== undefined)) return;
  const lacks = [isSecure ? [] : ['TLS (rediss://)'], password === undefined ? ['a password'] : []].flat().join(' and ');
  throw new RangeError(
    `expected url to have TLS and a password, as ${host} is not this machine, got ${address} without ${lacks}: allowInsecure: true permits it`,
  );
}

/** The loopback, and the addresses of the network interfaces. Names are not looked up: what they mean may change. */
function isThisMachine(host: string): boolean {
  if (host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host));
}
