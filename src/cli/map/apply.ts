/**
 * The worker's side of `heddle map`. It imports the user's module (once), calls its function with an item, and makes the result a line of
 * JSON. The host only writes the line.
 *
 * The module is imported in the workers and never in the host: what it opens, prints or keeps alive stays with them.
 */

import { isMainThread } from 'node:worker_threads';
import { expected } from '../../check.ts';
import { prepareSerializer } from '../../codec/index.ts';
import { describeError } from './describe-error.ts';
import { functionExports, lookUpExport } from './exports.ts';
import { jsonText } from './json-text.ts';
import { clearLinesOf } from '../../progress/foreign-writes.ts';
import { isThenable } from '../../thenable.ts';
import { untimed } from '../../worker/index.ts';
import { TypeError } from '../../refusals.ts';

/** Which function is meant, and how its module is loaded. */
export interface Target {
  /** The argument of `import()`. */
  readonly url: string;
  /** Name of the export; dots lead into it. */
  readonly path: string;
  /** Modules that read TypeScript once they are registered; empty where Node reads it by itself, or the job is JavaScript. */
  readonly loaders: readonly string[];
  /** True if the host draws a progress bar on the terminal that is its standard error. */
  readonly hasBar: boolean;
}

export interface Job {
  readonly target: Target;
  readonly item: unknown;
}

/** The item failed; the others go on. */
export interface Failure {
  readonly failed: string;
}

/** Why the function cannot be had. */
export type Finding =
  | { readonly problem: 'none' }
  | { readonly problem: 'import'; readonly error: string; readonly code: string | null }
  | { readonly problem: 'export'; readonly found: string; readonly functions: string[] };

type UserFunction = (item: unknown) => unknown;

const functions = new Map<string, Promise<UserFunction>>();
const ready = new Map<string, UserFunction>();

/** Runs one item. Never throws: what the user's function throws is a `Failure`. */
export function applyTo({ target, item }: Job): string | Failure | Promise<string | Failure> {
  const key = `${target.url}#${target.path}`;
  const fn = ready.get(key);
  if (fn === undefined) return applyFirst(key, target, item);
  try {
    const result = fn(item);
    return isThenable(result) ? settle(result) : jsonText(result);
  } catch (error) {
    return { failed: describeError(error) };
  }
}

/** The rejection of a failed item where it may be tried again. */
class ItemError extends Error implements Failure {
  override readonly name: string = 'ItemError';
  readonly failed: string;

  constructor(failed: string) {
    super(failed);
    this.failed = failed;
  }
}

/** As `applyTo`, for items that may be tried again: the pool does that with what it sees fail. */
export function applyOrThrow(job: Job): string | Promise<string> {
  const result = applyTo(job);
  return result instanceof Promise ? result.then(orThrow) : orThrow(result);
}

function orThrow(result: string | Failure): string {
  if (typeof result === 'string') return result;
  throw new ItemError(result.failed);
}

async function applyFirst(key: string, target: Target, item: unknown): Promise<string | Failure> {
  try {
    let loading = functions.get(key);
    if (loading === undefined) functions.set(key, (loading = load(target)));
    const loaded = loading;
    ready.set(key, await untimed(() => loaded));
  } catch (error) {
    return { failed: describeError(error) };
  }
  return applyTo({ target, item });
}

async function settle(result: PromiseLike<unknown>): Promise<string | Failure> {
  try {
    return jsonText(await result);
  } catch (error) {
    return { failed: describeError(error) };
  }
}

async function load(target: Target): Promise<UserFunction> {
  const { found, owner } = lookUpExport(await importTarget(target), target.path);
  if (typeof found !== 'function') throw new TypeError(`${target.path} is not a function in this worker`);
  return (item) => found.call(owner, item) as unknown;
}

/** Looks whether the function is there, before any item is read. */
export async function findTarget(target: Target): Promise<Finding> {
  let module: object;
  try {
    module = await importTarget(target);
  } catch (error) {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    return { problem: 'import', error: describeError(error), code: typeof code === 'string' ? code : null };
  }
  const { found } = lookUpExport(module, target.path);
  if (typeof found === 'function') return { problem: 'none' };
  return { problem: 'export', found: found === null ? 'null' : typeof found, functions: functionExports(module) };
}

let isSetUp = false;
const registered = new Set<string>();

async function importTarget({ url, loaders, hasBar }: Target): Promise<object> {
  setUp(hasBar);
  if (loaders.length > 0 && process.env['HEDDLE_RELEASE_FOLDER'] !== undefined)
    throw new TypeError('workers of other machines read TypeScript only where their Node does: 22.18 or later');
  for (const loader of loaders) {
    if (registered.has(loader)) continue;
    registered.add(loader);
    await prepareSerializer();
    const { register } = (await import(loader)) as { register: () => void };
    register();
  }
  return (await import(placeOf(url))) as object;
}

/** Where a module of the release lies on the machine of this worker; a worker of another machine imports no others. */
function placeOf(url: string): string {
  const folder = process.env['HEDDLE_RELEASE_FOLDER'];
  if (folder === undefined) return url;
  const { href } = new URL(url.replace(/^release:/, ''), folder);
  if (!url.startsWith('release:') || !href.startsWith(folder) || href.slice(folder.length - 1).includes('/node_modules/'))
    throw new TypeError(expected('<module>', 'a file of the release', url));
  return href;
}

/** Once in each worker, before the user's code comes. */
function setUp(hasBar: boolean): void {
  if (isSetUp) return;
  isSetUp = true;
  // Standard output belongs to the results; what the user's function prints goes to standard error.
  Object.defineProperty(process, 'stdout', { get: () => process.stderr, configurable: true });
  // Ctrl-C reaches every process of the terminal. The host decides what ends, and ends it.
  if (isMainThread) process.on('SIGINT', () => {});
  // The output of a thread passes through the host.
  if (isMainThread && hasBar) clearLinesOf(process.stderr);
}
