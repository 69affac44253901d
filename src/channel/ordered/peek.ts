/** Looking at items that stay where they are. */

import { prepare, prepareSync } from '../../codec/index.ts';
import { Done, type Operation, Pending } from '../../loop/index.ts';
import type { Items, Peeked } from '../items.ts';

/** The value of an item that was looked at, and whose modules are being loaded. */
class Loading<T> extends Pending<T> {
  readonly #name: string;

  constructor(name: string, loading: Promise<void>, open: () => T) {
    super();
    this.#name = name;
    loading.then(
      () => this.#end(open),
      (error: unknown) => {
        if (this.isPending) this.fail(error);
      },
    );
  }

  #end(open: () => T): void {
    if (!this.isPending) return;
    try {
      this.settle(open());
    } catch (error) {
      this.fail(error);
    }
  }

  describe(): string {
    return this.#name;
  }
}

/** Opens an item. @param name of the call, for people */
export function openPeeked<T>(items: Items, peeked: Peeked, name: string): Operation<T> {
  const modules = items.modulesOf(peeked.message);
  const open = (): T => items.openPeeked(peeked) as T;
  const loading = modules.length === 0 ? undefined : prepare({ modules });
  return loading === undefined ? new Done(open()) : new Loading(name, loading, open);
}

/** As `openPeeked`, and loads modules by `require`. */
export function openPeekedSync<T>(items: Items, peeked: Peeked): T {
  const modules = items.modulesOf(peeked.message);
  if (modules.length > 0) prepareSync(modules);
  return items.openPeeked(peeked) as T;
}
