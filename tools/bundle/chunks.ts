/**
 * Which modules share a chunk. Each file costs a loader some half a millisecond, so what several entries need together is one chunk:
 *
 *   base     by workers and coroutines        errors, checks, iteration, the bundler's own helpers
 *   loop     by coroutines and shared objects, and with them what is too small for a file of its own
 *   codec    by workers and their hosts       values and functions to bytes and back, links
 *   process  by hosts, and by children that run a `Process` or `Thread`    native calls, children
 *   shared   by hosts, and by workers that meet a shared object: words, locks, values
 *   kinds    by the same: queues, pipes, proxies
 *
 * Modules of one side only are left to the bundler.
 */

import type { Plugin } from 'rolldown';
import { join } from 'node:path';
import { ROOT } from '../places.ts';

type Ids = ReadonlySet<string>;

/** The module of the bundler's own helpers. */
const HELPERS = '\0rolldown/runtime.js';

export interface Group {
  readonly name: string;
  readonly test: (id: string) => boolean;
  /** A module of two groups goes to that with the higher one. */
  readonly priority: number;
}

/** The module ids of the graph and their static imports, filled in by `plugin` before groups are asked for. */
const imports = new Map<string, readonly string[]>();

const plugin: Plugin = {
  name: 'heddle:imports',
  buildEnd() {
    for (const id of this.getModuleIds()) imports.set(id, this.getModuleInfo(id)?.importedIds ?? []);
  },
};

/** All modules that are loaded with some files of `src/`. */
function loadedWith(...files: readonly string[]): Ids {
  const found = new Set<string>();
  const left = files.map((file) => join(ROOT, 'src', file));
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    left.push(...(imports.get(id) ?? []));
  }
  return found;
}

const both = (a: Ids, b: Ids): Ids => new Set([...a].filter((id) => b.has(id)));

function sharedModules(): Record<string, Ids> {
  const [host, coroutine, shared] = [loadedWith('index.ts'), loadedWith('coroutine/index.ts'), loadedWith('shared/index.ts')];
  const worker = loadedWith('worker/thread-main.ts', 'worker/process-main.ts');
  const child = loadedWith('process/child-main.ts', 'thread/child-main.ts');
  const small = new Set(['events.ts', 'repr.ts'].map((file) => join(ROOT, 'src', file)));
  return {
    base: new Set([...both(coroutine, worker), HELPERS]),
    loop: new Set([...both(coroutine, shared), ...small]),
    codec: both(host, worker),
    process: both(host, child),
    shared,
    kinds: loadedWith('worker/kinds.ts'),
  };
}

let known: Record<string, Ids> | undefined;

const groups: Group[] = ['base', 'loop', 'codec', 'process', 'shared', 'kinds'].map((name, place) => ({
  name,
  priority: 10 - place,
  test: (id) => (known ??= sharedModules())[name]!.has(id),
}));

export const chunks: { readonly plugin: Plugin; readonly groups: Group[] } = { plugin, groups };
