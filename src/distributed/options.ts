/** The options that callers and workers have in common, and their checks. */

import { checkBoolean, expected } from '../check.ts';
import { RangeError, TypeError } from '../refusals.ts';
import { type Backend, type BackendOptions, readBackend } from './server/backend.ts';
import { checkStore, type DistributedStore } from './server/large.ts';
import { type Release, readRelease } from './tasks/release.ts';

/** The options on which a `DistributedExecutor` and its workers must agree. */
export interface TaskBackendOptions extends BackendOptions {
  /** Name of the queue: workers run the tasks of one. Letters, digits, `-`, `_` and `.`. Default `default`. */
  readonly queue?: string | undefined;
  /**
   * Name of the code that both sides have, such as a commit. Default: a hash of the files of code and data in the folder of the nearest `package.json`,
   * without those of packages.
   */
  readonly release?: string | undefined;
  /** The secret that callers and workers share: at least 16 bytes, as text or bytes. Default: `HEDDLE_AUTHKEY`; without one messages are not signed. */
  readonly authkey?: string | Uint8Array | undefined;
  /** Permits functions that no module exports, which travel as source. It needs an `authkey`, and must be set on both sides. Default false. */
  readonly allowFunctions?: boolean | undefined;
  /** Where values above 1 MiB are kept. Default: the server itself. */
  readonly store?: DistributedStore | undefined;
}

export const taskBackendKeys = ['queue', 'release', 'authkey', 'allowFunctions', 'store'] as const;

export interface TaskBackend {
  readonly backend: Backend;
  readonly queue: string;
  readonly release: Release;
  readonly authkey: Uint8Array | undefined;
  readonly allowFunctions: boolean;
  readonly store: DistributedStore | undefined;
}

const shortestKey = 16;
const namePattern = /^[\w.-]{1,100}$/;

/** @throws TypeError or RangeError, naming what is wrong */
export function readTaskBackend(options: TaskBackendOptions): TaskBackend {
  const { queue = 'default', release, allowFunctions, store } = options;
  const backend = readBackend(options);
  checkName(queue, 'queue');
  if (release !== undefined) checkName(release, 'release');
  checkBoolean(allowFunctions, 'allowFunctions');
  const authkey = readKey(options.authkey ?? process.env['HEDDLE_AUTHKEY']);
  if (allowFunctions === true && authkey === undefined)
    throw new TypeError(
      'expected authkey to be the secret of callers and workers, as allowFunctions is true, got undefined: source is taken only from messages that are signed',
    );
  return { backend, queue, release: readRelease(release), authkey, allowFunctions: allowFunctions === true, store: checkStore(store) };
}

function checkName(name: unknown, what: string): void {
  if (typeof name !== 'string') throw new TypeError(expected(what, 'a string', name));
  if (!namePattern.test(name)) throw new RangeError(expected(what, 'up to 100 letters, digits, -, _ and .', name));
}

/** @throws TypeError, RangeError for what is no key; the error does not quote it */
export function readKey(key: unknown): Uint8Array | undefined {
  if (key === undefined) return undefined;
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  // The key is not quoted.
  if (!(bytes instanceof Uint8Array)) throw new TypeError('expected authkey to be a string or a Uint8Array');
  if (bytes.length < shortestKey) throw new RangeError(`expected authkey to have at least ${shortestKey} bytes, got ${bytes.length}`);
  return Uint8Array.from(bytes);
}
