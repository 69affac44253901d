/**
 * A short conversation with V8's inspector about this very thread: what a function closed over, where its source is.
 *
 * The session lives only as long as one capture: while one is connected, V8 keeps all that is printed with `console`, also after its end.
 * No domain stays enabled (an enabled Debugger makes every `await` several times slower). Nothing is left on the global object: values are
 * handed to the inspector through a property of the `inspector` module. All realms of the thread share that module, so this also works
 * inside vm contexts (Jest).
 *
 * To connect and disconnect costs 11 µs; a function with captures costs three calls:
 *
 *   Runtime.evaluate         fn                 its handle
 *   Runtime.getProperties    the handle         its script and place, a handle of [[Scopes]]
 *   Runtime.callFunctionOn   [[Scopes]]         the scopes themselves, as objects of this thread
 */

import type { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { SerializationError } from '../../../errors.ts';
import type { AnyFunction } from '../../courier.ts';

const handOver: unique symbol = Symbol.for('heddle.inspector.value');
const handedOver = `globalThis.process.getBuiltinModule('node:inspector').Session[Symbol.for('heddle.inspector.value')]`;

interface InspectorModule {
  readonly Session: (new () => Session) & { [handOver]?: unknown };
}

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly description?: string;
  /** `NaN`, `-0`, `10n`: what JSON cannot hold. */
  readonly unserializableValue?: string;
}

interface InternalProperty {
  readonly name: string;
  readonly value?: RemoteObject;
}

/** A function's position: zero-based, in the script with this id. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** One entry of `[[Scopes]]`: `description` is V8's (`Module`, `Closure (outer)`, `Block`, `Global` …). */
export interface Scope {
  readonly description: string;
  readonly object: Record<string, unknown>;
}

/** The facts that the inspector knows of a function beyond its properties. */
export interface FunctionFacts {
  readonly location: FunctionLocation | undefined;
  /** Nothing surrounds it but the global scope. */
  readonly isGlobal: boolean;
  /** Innermost first. Reading a variable that is not initialised throws a ReferenceError (reads `undefined` on Node 20). */
  readonly scopes: readonly Scope[];
  readonly bound: { readonly target: AnyFunction; readonly self: unknown; readonly args: unknown[] } | undefined;
  readonly privateStatics: Readonly<Record<string, unknown>>;
}

let loaded: InspectorModule | null | undefined;
let whyNot = '';

/** Loads the inspector when it is first needed: most workers never read a function. */
function load(): InspectorModule | null {
  if (loaded === undefined) {
    try {
      const found = createRequire(import.meta.url)('node:inspector') as InspectorModule;
      const session = new found.Session();
      session.connect();
      session.disconnect();
      loaded = found;
    } catch (error) {
      loaded = null;
      whyNot = (error as Error).message;
    }
  }
  return loaded;
}

/** True if functions can be read at all in this program. */
export function inspectorAvailable(): boolean {
  return load() !== null;
}

/** The error for a function that would have to be read through an inspector that is not there. */
export function inspectorMissing(name: string): SerializationError {
  return new SerializationError(
    `${name} cannot be shipped by value: V8's inspector is not available (${whyNot}). ` +
      'Functions exported by an imported module can be handed over without it',
  );
}

/** One open session; got by {@link inspect}. */
export class Inspection {
  readonly #session: Session;
  readonly #module: InspectorModule;

  constructor(module: InspectorModule, session: Session) {
    this.#module = module;
    this.#session = session;
  }

  /** Sends one command; a session in its own thread has the answer before `post` returns. */
  post<T>(method: string, params: object = {}): T {
    let failure: Error | null = null;
    let answer: unknown;
    this.#session.post(method, params, (error, result) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw failure as Error;
    return answer as T;
  }

  /** Calls `listener` with the parameters of every `event` while `use` runs. */
  listening<P, T>(event: string, listener: (params: P) => void, use: () => T): T {
    const onMessage = (message: { params: P }): void => listener(message.params);
    this.#session.on(event, onMessage as never);
    try {
      return use();
    } finally {
      this.#session.off(event, onMessage as never);
    }
  }

  /** While `use` runs, the expression it is given evaluates to `value`, in every realm of this thread. */
  withValue<T>(value: unknown, use: (expression: string) => T): T {
    const { Session } = this.#module;
    const before = Session[handOver];
    Session[handOver] = value;
    try {
      return use(handedOver);
    } finally {
      Session[handOver] = before;
    }
  }

  /** The remote handle of a value of this thread. */
  handle(value: unknown): string {
    return this.withValue(value, (expression) => {
      const { result } = this.post<{ result: RemoteObject }>('Runtime.evaluate', { expression });
      if (result.objectId === undefined) throw new Error('the inspector gave no handle');
      return result.objectId;
    });
  }

  /** The value behind a handle. */
  value(objectId: string): unknown {
    let got: unknown;
    const found = this.withValue(
      (value: unknown): void => {
        got = value;
      },
      (expression) =>
        this.post<{ result: RemoteObject }>('Runtime.callFunctionOn', {
          objectId,
          functionDeclaration: `function () { 'use strict'; if (typeof globalThis.process?.getBuiltinModule !== 'function') return false; ${expression}(this); return true }`,
        }),
    );
    if (found.result.value === true) return got;
    // In a bare vm context the handed-over value cannot be reached.
    const sink = this.handle((value: unknown): void => {
      got = value;
    });
    this.post('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: `function (sink) { 'use strict'; sink(this) }`,
      arguments: [{ objectId: sink }],
    });
    return got;
  }

  facts(fn: AnyFunction): FunctionFacts {
    const properties = this.post<{ internalProperties?: InternalProperty[]; privateProperties?: InternalProperty[] }>(
      'Runtime.getProperties',
      {
        objectId: this.handle(fn),
        ownProperties: true,
      },
    );
    const internal = (name: string): RemoteObject | undefined => properties.internalProperties?.find((p) => p.name === name)?.value;
    const read = (remote: RemoteObject | undefined): unknown => {
      if (remote?.objectId !== undefined) return this.value(remote.objectId);
      const text = remote?.unserializableValue;
      if (text === undefined) return remote?.value;
      return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text);
    };
    const scopes = internal('[[Scopes]]');
    const target = internal('[[TargetFunction]]');
    const privateStatics: Record<string, unknown> = {};
    for (const { name, value } of properties.privateProperties ?? []) privateStatics[name] = read(value);
    let list: readonly Scope[] | undefined;
    return {
      location: internal('[[FunctionLocation]]')?.value as FunctionLocation | undefined,
      isGlobal: scopes?.description === 'Scopes[1]',
      // Read when asked: many functions use nothing from outside. V8's list is an array without a prototype.
      get scopes(): readonly Scope[] {
        list ??= scopes === undefined ? [] : Array.from(read(scopes) as ArrayLike<Scope>);
        return list;
      },
      bound:
        target === undefined
          ? undefined
          : {
              target: read(target) as AnyFunction,
              self: read(internal('[[BoundThis]]')),
              args: Array.from(read(internal('[[BoundArgs]]')) as ArrayLike<unknown>),
            },
      privateStatics,
    };
  }

  /** Ends the session, and its handles with it. */
  close(): void {
    this.#session.disconnect();
  }
}

let open: Inspection | undefined;

/** Runs `use` with an inspection; a capture inside a capture uses the one that is open. */
export function inspect<T>(what: string, use: (inspection: Inspection) => T): T {
  if (open !== undefined) return use(open);
  const module = load();
  if (module === null) throw inspectorMissing(what);
  const session = new module.Session();
  session.connect();
  const inspection = new Inspection(module, session);
  open = inspection;
  try {
    return use(inspection);
  } finally {
    open = undefined;
    inspection.close();
  }
}

/** Keeps Node from warning of a feature that heddle chose, while `use` runs (synchronously). */
export function withoutWarning<T>(type: string, use: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = ((...args: Parameters<typeof emitWarning>): void => {
    if (args[1] !== type) emitWarning.apply(process, args);
  }) as typeof emitWarning;
  try {
    return use();
  } finally {
    process.emitWarning = emitWarning;
  }
}
