/** The base of all distributed objects: a name, a server, and an end of their use here. */

import { expected } from '../../check.ts';
import { travelByName } from '../../codec/index.ts';
import { sentAs, type Substitute } from '../../handles.ts';
import { RangeError, TypeError } from '../../refusals.ts';
import { type BackendOptions, checkBackendOptions, withoutSecrets, withSecrets } from '../server/backend.ts';
import { Remote } from './remote.ts';

const longestName = 512;
/** Where the classes are exported: they travel by name. */
export const handlesFile = 'distributed/index.js';

/** A class of distributed objects: its constructor has a name, arguments of its own if it has any, and options. */
type Made = new (...args: any[]) => DistributedObject;

/** A class of objects, as the base knows it. */
export interface Variety {
  /** Part of their keys. */
  readonly kind: string;
  /** The ends of their further keys. */
  readonly parts: readonly string[];
  /** Options of the class beside those of the backend. */
  readonly known: readonly string[];
}

/** The part of an object that talks to the server, for its class. */
export let remoteOf: (object: DistributedObject) => Remote;

/** An object that programs of several machines share by its name: this is a handle on it. It can be an argument, a captured variable or a part of a value. */
export abstract class DistributedObject implements AsyncDisposable {
  /** All handles with this name, of one class, prefix and server, are the same object. */
  readonly name: string;
  readonly #remote: Remote;
  readonly #args: readonly unknown[];
  readonly #options: BackendOptions | undefined;
  #closing: Promise<void> | undefined;

  static {
    remoteOf = (object) => object.#remote;
    Object.defineProperty(DistributedObject.prototype, sentAs, {
      value(this: DistributedObject, apart: string | undefined): Substitute {
        const backend = this.#remote.client.backend.options;
        const options = { ...this.#options, ...(apart === undefined ? backend : withoutSecrets(backend)) };
        const Class = this.constructor as Made;
        const data: SentHandle = { Class, args: [this.name, ...this.#args], options, isDistant: apart !== undefined };
        return { Class, data, rebuild: rebuildHandle };
      },
    });
    Object.defineProperty(DistributedObject.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: DistributedObject): string {
        return this.toString();
      },
    });
  }

  /**
   * @param args what the constructor was given between name and options
   * @throws TypeError, RangeError for a name or options that cannot be
   */
  protected constructor(variety: Variety, name: string, args: readonly unknown[], options: BackendOptions | undefined) {
    if (typeof name !== 'string' || name === '') throw new TypeError(expected('name', 'a text', name));
    const length = Buffer.byteLength(name);
    if (length > longestName) throw new RangeError(`expected name to have at most ${longestName} bytes, got ${length}`);
    checkBackendOptions(options, variety.known);
    this.name = name;
    this.#args = args;
    this.#options = options;
    this.#remote = new Remote(`${this.constructor.name} '${name}'`, variety.kind, name, variety.parts, options);
  }

  /** Ends the use of this handle: what it holds is given back, waits that are pending reject. The object stays at the server. */
  close(): Promise<void> {
    this.#closing ??= this.#remote.close();
    return this.#closing;
  }

  /** Removes the object from the server, for all handles: its name is that of a new object from now on. @throws BackendLost */
  async destroy(): Promise<void> {
    await this.#remote.client.call('del', this.#remote.keys, { isRepeatable: true });
  }

  /** As `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Class and name: `<DistributedLock 'reports'>`. */
  toString(): string {
    return `<${this.#remote.title}>`;
  }
}

/** A handle on its way. Programs do not make one. */
export interface SentHandle {
  /** The class of the object. */
  readonly Class: new (
    ...args: any[]
  ) => DistributedObject;
  /** Name, and numbers of the class. */
  readonly args: readonly unknown[];
  /** The options of the handle; without what is secret, if it goes to another machine. */
  readonly options: BackendOptions;
  /** True if it goes to another machine. */
  readonly isDistant: boolean;
}

/** Makes a handle where one arrives that was an argument, a capture or a part of a value. Programs do not call it. */
export function rebuildHandle({ Class, args, options, isDistant }: SentHandle): DistributedObject {
  return new Class(...args, isDistant ? withSecrets(options) : options);
}
travelByName(rebuildHandle, handlesFile);
