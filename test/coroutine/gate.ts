/** An object that tests wait for: it calls back when it is opened, as an event does, and reports its links. */

import type { Linkable } from 'heddle/coroutine';

export class Gate implements Linkable {
  readonly links = new Set<(source: Gate) => unknown>();
  isOpen = false;

  open(): void {
    this.isOpen = true;
    for (const link of this.links) link(this);
  }

  rawlink(callback: (source: Gate) => unknown): void {
    this.links.add(callback);
    if (this.isOpen) queueMicrotask(() => this.links.has(callback) && callback(this));
  }

  unlink(callback: (source: Gate) => unknown): void {
    this.links.delete(callback);
  }
}
