/**
 * Which modules share a chunk. Each file costs a loader some half a millisecond, so what several entries need together is one chunk:
 *
 *   base     by workers and coroutines        errors, checks, iteration
 *   loop     by coroutines and shared objects
 *   codec    by workers and their hosts       values and functions to bytes and back, links
 *   shared   by hosts, and by workers that meet a shared object
 *
 * What only one side needs is left to the bundler.
 */

import type { Plugin } from 'rolldown';
import { join } from 'node:path';
import { ROOT } from '../places.ts';

const source = (file: string): string => join(ROOT, 'src', file);

export interface Group {
  readonly name: string;
  readonly test: (id: string) => boolean;
  readonly priority: number;
}

export class Chunks {
  readonly #imports: Map<string, readonly string[]> = new Map();

  /** Learns what imports what. */
  readonly plugin: Plugin = {
    name: 'heddle:imports',
    buildEnd: {
      handler: (() => {
        const imports = this.#imports;
        return function (this: { getModuleIds(): Iterable<string>; getModuleInfo(id: string): { importedIds: readonly string[] } | null }) {
          for (const id of this.getModuleIds()) imports.set(id, this.getModuleInfo(id)?.importedIds ?? []);
        };
      })(),
    },
  };

  /** All that is loaded with a file. */
  #with(file: string): Set<string> {
    const found = new Set<string>();
    const left = [source(file)];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      left.push(...(this.#imports.get(id) ?? []));
    }
    return found;
  }

  groups(): Group[] {
    let sets: [name: string, ids: Set<string>][] | undefined;
    const make = (): [string, Set<string>][] => {
      const [host, coroutine, shared] = ['index.ts', 'coroutine/index.ts', 'sync/index.ts'].map((file) =>
        this.#with(file),
      ) as Set<string>[];
      const worker = new Set([...this.#with('worker/thread-main.ts'), ...this.#with('worker/process-main.ts')]);
      const both = (a: Set<string>, b: Set<string>): Set<string> => new Set([...a].filter((id) => b.has(id)));
      return [
        ['base', both(coroutine!, worker)],
        ['loop', both(coroutine!, shared!)],
        ['codec', both(host!, worker)],
        ['shared', shared!],
      ];
    };
    return ['base', 'loop', 'codec', 'shared'].map((name, index) => ({
      name,
      priority: 10 - index,
      test: (id) => (sets ??= make())[index]![1].has(id),
    }));
  }
}
