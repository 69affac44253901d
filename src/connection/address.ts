/** Where a listener listens: a path of a Unix socket, or host and port. */

import { checkInteger, checkOptions, expected } from '../check.ts';
import { RangeError, TypeError } from '../refusals.ts';

/** A path of a Unix socket, or host and port. */
export type ConnectionAddress = string | { readonly host?: string | undefined; readonly port: number };

/** As a listener and a client use it: the host is there. */
export type ListenerAddress = string | { readonly host: string; readonly port: number };

/** Bytes of the longest path of a socket, without the zero at its end. */
const longestPath = process.platform === 'darwin' ? 103 : 107;
const loopback = '127.0.0.1';
const rule = 'a path, or { host, port }';

/** @param leastPort 0 where the system may choose one */
export function readAddress(address: unknown, leastPort: number): ListenerAddress {
  if (typeof address === 'string') return readPath(address);
  if (typeof address !== 'object' || address === null) throw new TypeError(expected('address', rule, address));
  checkOptions(address, 'address', ['host', 'port']);
  const { host = loopback, port } = address as { host?: unknown; port?: unknown };
  if (typeof host !== 'string' || host === '') throw new TypeError(expected('address.host', 'a name or an address', host));
  return { host, port: checkInteger(port, 'address.port', leastPort, 65_535) };
}

function readPath(path: string): string {
  if (path === '' || path.includes('\0')) throw new TypeError(expected('address', rule, path));
  const length = Buffer.byteLength(path);
  if (length > longestPath && process.platform !== 'win32')
    throw new RangeError(
      `expected address to be a path of at most ${longestPath} bytes, as the system has it for sockets, got ${length} bytes: ${path}`,
    );
  return path;
}

/** The key that both ends must know. */
export function readAuthkey(authkey: unknown): Uint8Array {
  if (!(authkey instanceof Uint8Array)) throw new TypeError(expected('authkey', 'a Uint8Array that both ends know', authkey));
  if (authkey.length === 0) throw new RangeError('expected authkey to have at least one byte, got none: anything could connect');
  // A copy: what its owner does to it later must not change what is proved.
  return authkey.slice();
}

export const describeAddress = (address: ListenerAddress): string =>
  typeof address === 'string' ? address : `${address.host}:${address.port}`;
