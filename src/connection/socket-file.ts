/** Files of Unix sockets where this thread, or a process that ends with it, listens: they go with it. */

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

const files = new Set<SocketFile>();

const removeAll = (): void => {
  for (const file of files) file.remove();
};

export class SocketFile {
  readonly #path: string;
  readonly #hasFolder: boolean;

  /** @param hasFolder its folder was made for it, and goes too */
  constructor(path: string, hasFolder: boolean) {
    this.#path = path;
    this.#hasFolder = hasFolder;
    if (files.size === 0) process.on('exit', removeAll);
    files.add(this);
  }

  remove(): void {
    this.forget();
    rmSync(this.#path, { force: true });
    if (this.#hasFolder) rmSync(dirname(this.#path), { recursive: true, force: true });
  }

  /** Called when the listener has removed the file. */
  forget(): void {
    if (files.delete(this) && files.size === 0) process.off('exit', removeAll);
  }
}
