/**
 * `HEDDLE_BACKEND`: pools and executors of a program that does not know of other machines run their tasks there.
 *
 * The link is loaded when the first task is submitted; a program without the variable loads nothing.
 */

import { TypeError } from '../../refusals.ts';
import type { CheckedOptions } from '../options.ts';
import type { TaskPool } from '../task-pool.ts';
import type { OpenLink } from './link.ts';
import { RemotePool } from './remote-pool.ts';

let isLocal = false;

/** Pools that are made in `work` have workers of this machine, whatever the environment says. */
export function locally<R>(work: () => R): R {
  const outer = isLocal;
  isLocal = true;
  try {
    return work();
  } finally {
    isLocal = outer;
  }
}

/** The pool of an executor, where the environment names a server. @throws TypeError for options that have no meaning there */
export function remotePoolFor(name: () => string, options: CheckedOptions): TaskPool | undefined {
  const url = process.env['HEDDLE_BACKEND'];
  if (url === undefined || url === '' || isLocal) return undefined;
  if (options.initializer !== undefined)
    throw new TypeError('initializer cannot be used with HEDDLE_BACKEND: the workers are those of heddle worker, which all programs share');
  const open: OpenLink = async (events) => {
    const { openLinkTo } = await import('../../distributed/environment.ts');
    return openLinkTo(url, events);
  };
  const { queueLimit } = options;
  return new RemotePool(name(), { border: { kind: 'network' }, queueLimit, maxWorkers: Infinity, initializer: undefined }, open);
}
