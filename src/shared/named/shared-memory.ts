/**
 * Memory that programs share by its name. Source: multiprocessing.shared_memory.SharedMemory
 *
 *    new SharedMemory({ create: true, size })    a block: a file in /dev/shm, mapped here
 *    new SharedMemory({ name })                  the same block, mapped by another thread, process or program
 *
 *    handle ─▶ mapping ◀─ ArrayBuffer ◀─ buf, subarrays, DataViews
 *
 * A mapping whose buffer was shown stays until V8 has collected that buffer, whatever is closed or unlinked meanwhile: no view of it ever loses its memory.
 */

import { constants } from 'node:buffer';
import { constants as osConstants } from 'node:os';
import { inspect } from 'node:util';
import { checkBoolean, checkInteger, checkOptions, expected } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { InvalidStateError, UnsupportedPlatformError } from '../../errors.ts';
import { sentAs, type Substitute } from '../../handles.ts';
import { keepRegistry } from '../../memory/index.ts';
import { bufferOver, inodeAt, namedMemoryMissing, pathOfName, systemError, unlinkFile } from '../../platform/index.ts';
import { TypeError } from '../../refusals.ts';
import { showAsText } from '../../repr.ts';
import { refuseTransfer } from '../../untransferable.ts';
import { attachBlock, createBlock, unmapBlock } from './block.ts';
import { release, unlinked, type Use } from './use.ts';

/** Options of a {@link SharedMemory}. */
export interface SharedMemoryOptions {
  /** The name, as other programs read it too: up to 255 bytes without slashes; those at its beginning do not count. Default, where a block is created: a new one, `psm_` and 8 digits. */
  readonly name?: string | undefined;
  /** True: a new block. False: the block that has the name. Default false. */
  readonly create?: boolean | undefined;
  /** Bytes of a new block, at least 1. A block that is there has the size that it was created with, whatever this says. */
  readonly size?: number | undefined;
  /**
   * True: the block is unlinked when its last tracked user has ended, however it ended. False: it stays until it is unlinked. Default: true for a new block; for one that is
   * there, what its creator has chosen. Blocks that Python has created are not tracked by default.
   */
  readonly track?: boolean | undefined;
}

/** Numbers that describe a {@link SharedMemory}. */
export interface SharedMemoryStatistics {
  /** Bytes of the block. */
  readonly size: number;
  /** Bytes that this handle has mapped; 0 after `close()`, also where views still have them. */
  readonly mapped: number;
}

/** Resources of a handle; let go when the handle is closed or garbage. */
interface Held {
  readonly address: number;
  readonly size: number;
  readonly use: Use | undefined;
  /** The mapping belongs to a buffer. */
  isShown: boolean;
}

interface Shown {
  readonly address: number;
  readonly size: number;
}

const handles = new FinalizationRegistry<Held>(letGo);
const buffers = new FinalizationRegistry<Shown>(({ address, size }) => unmapBlock(address, size));
keepRegistry(handles);
keepRegistry(buffers);
/** A buffer keeps its handle, so that the block is in use as long as something sees it. */
const handleOf = new WeakMap<object, SharedMemory>();

function letGo({ address, size, use, isShown }: Held): void {
  if (!isShown) unmapBlock(address, size);
  if (use !== undefined) release(use);
}

/** Data of a handle that crosses to another thread: the receiver attaches to the block. */
interface Sent {
  readonly name: string;
  readonly inode: number;
  readonly track: boolean;
}

/** Of the block that the next handle is meant for. */
let arriving: number | undefined;

/**
 * A block of memory with a name, which unrelated programs attach to, Python's `multiprocessing.shared_memory` among them. It is there for what crosses to other programs;
 * within a tree of processes, `SharedArray` and `share()` need no name and nothing that must be unlinked.
 *
 * `close()` ends the use of a handle, `unlink()` takes the name away. A tracked block needs neither: it is unlinked when the last process that uses it has ended, also if all were
 * killed at once. A process that has created a block uses it until it ends or the block is unlinked; one that has attached to it, until it has closed its handles. Programs that are not
 * heddle's do not count: a block that Python is to keep using must be untracked, or be kept by a program of heddle's.
 *
 * A handle crosses to threads and processes by its name: the receiver attaches to the same block. `using` closes it, and unlinks a tracked block where it was created.
 *
 * Source: multiprocessing.shared_memory.SharedMemory
 *
 * @example
 * ```ts
 * import { SharedMemory } from 'heddle';
 *
 * using block = new SharedMemory({ create: true, size: 5 });
 * block.buf.set([104, 101, 108, 108, 111]);
 * using same = new SharedMemory({ name: block.name });
 * console.log(new TextDecoder().decode(same.buf.slice())); // prints: hello
 * ```
 */
export class SharedMemory implements Disposable {
  /** The name, as it was given. */
  readonly name: string;
  /** Bytes of the block. */
  readonly size: number;
  /** True if the block is unlinked when its last tracked user has ended. */
  readonly track: boolean;
  readonly #path: string;
  readonly #inode: number;
  readonly #isCreator: boolean;
  #held: Held | undefined;
  #buf: Uint8Array | undefined;
  #isEnded = false;

  /**
   * @throws TypeError, RangeError for a name or size that no block can have, and options that are not known
   * @throws UnsupportedPlatformError without native calls
   * @throws system errors, as those of `node:fs`: `EEXIST` if the name of a new block is taken, `ENOENT` if no block has the name, `ENOSPC` if there is not as much memory, `EACCES`
   */
  constructor(options: SharedMemoryOptions) {
    checkOptions(options, 'the options of a SharedMemory', ['name', 'create', 'size', 'track']);
    const { name, create = false, size, track } = options ?? {};
    checkBoolean(create, 'create');
    checkBoolean(track, 'track');
    if (create || size !== undefined) checkInteger(size, 'size', create ? 1 : 0, constants.MAX_LENGTH);
    if (name === undefined && !create) throw new TypeError(expected('name', 'a string, unless create is true', name));
    if (name !== undefined) pathOfName(name);
    const missing = namedMemoryMissing();
    if (missing !== undefined) throw new UnsupportedPlatformError(`memory cannot be shared by name: ${missing}`);
    this.#isCreator = create;
    const opened = create ? createBlock(name, size!, track !== false) : attachBlock(name!, track, arriving);
    this.name = opened.name;
    this.size = opened.size;
    this.track = opened.use !== undefined;
    this.#path = opened.path;
    this.#inode = opened.inode;
    const { address, use } = opened;
    this.#held = { address, size: this.size, use, isShown: false };
    handles.register(this, this.#held, this.#held);
  }

  /**
   * The bytes of the block: the same array each time. It stays valid as long as something refers to it or to its buffer, also after `close()` and `unlink()`. As an argument
   * it is copied; hand over the SharedMemory instead.
   *
   * @throws InvalidStateError after `close()`
   */
  get buf(): Uint8Array {
    if (this.#buf !== undefined) return this.#buf;
    const held = this.#held;
    if (held === undefined) throw new InvalidStateError(`${String(this)} is closed: it has no buf any more`);
    const { address, size } = held;
    const buffer = bufferOver(address, size);
    refuseTransfer(buffer);
    held.isShown = true;
    buffers.register(buffer, { address, size });
    handleOf.set(buffer, this);
    return (this.#buf = new Uint8Array(buffer));
  }

  /**
   * Ends the use of the block by this handle. The block stays, and so do views that are still referred to: they show it as before. Its memory is unmapped at once if `buf` was never read, else
   * when the last view is garbage. Does nothing the second time.
   */
  close(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    handles.unregister(held);
    if (this.#buf !== undefined) handleOf.delete(this.#buf.buffer);
    this.#buf = undefined;
    letGo(held);
  }

  /**
   * Takes the name away from the block, for all. Programs that have attached to it go on; its memory is free when all have closed it. `close()` may come before or after.
   *
   * @throws a system error with code `ENOENT` if the name is not this block's: it was unlinked before
   */
  unlink(): void {
    if (this.#isEnded) return;
    if (!unlinkFile(this.#path, this.#inode)) throw systemError(osConstants.errno.ENOENT, 'unlink', this.name);
    unlinked(this.#inode);
  }

  /** Closes the handle, and unlinks a tracked block that it has created. */
  [Symbol.dispose](): void {
    this.close();
    if (!this.#isCreator || !this.track || this.#isEnded) return;
    if (inodeAt(this.#path) === this.#inode) this.unlink();
    this.#isEnded = true;
  }

  /** The present state, as numbers. */
  statistics(): SharedMemoryStatistics {
    return { size: this.size, mapped: this.#held === undefined ? 0 : this.size };
  }

  /** For people. */
  toString(): string {
    return `SharedMemory(${inspect(this.name)}, size=${this.size})`;
  }

  static {
    showAsText(this);
    Object.defineProperty(this.prototype, sentAs, {
      value(this: SharedMemory): Substitute | string {
        if (inodeAt(this.#path) !== this.#inode) return `${String(this)} cannot cross: it was unlinked, and is found by its name`;
        const data: Sent = { name: this.name, inode: this.#inode, track: this.track };
        return { data, Class: SharedMemory, rebuild: attachSent };
      },
    });
  }
}

/** A handle on the block that another thread has sent. */
export function attachSent({ name, inode, track }: Sent): SharedMemory {
  arriving = inode;
  try {
    return new SharedMemory({ name, track });
  } finally {
    arriving = undefined;
  }
}

travelByName(SharedMemory, 'shared/index.js');
travelByName(attachSent, 'shared/index.js');
