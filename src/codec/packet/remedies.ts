/**
 * The remedy for each refusal. A refusal says where, what and why not, and ends with the remedy that fits the place:
 *
 *   worker → client: a Socket cannot cross: make client inside the function, or export it from a module of its own …
 *   args[0].client: a Socket cannot cross: hand over what it is made from, and make it inside the function
 *   result.client: a Socket cannot cross: return what is needed of it
 */

import type { Where } from './trail.ts';

/** Why a value cannot cross. */
export type Cause =
  /** A class of Node with state in the system or the engine: sockets, streams, servers, timers, formatters. */
  | 'node'
  | 'promise'
  /** Generators and iterators: a place in code that runs. */
  | 'iterator'
  /** WeakMap, WeakSet, WeakRef, FinalizationRegistry: their content depends on the garbage collector. */
  | 'weak'
  | 'proxy'
  /** `#private` fields of a class of the program or of a package. */
  | 'private'
  /** A pool or an executor of heddle. */
  | 'pool'
  /** SharedArrayBuffer and shared WebAssembly memory on the way to a process. */
  | 'threadMemory'
  | 'threadPort'
  /** The same on the way to a receiver that is not known, and a signal, which fires only where its task or its `Process` is. */
  | 'anyMemory'
  | 'anyPort'
  | 'anySignal'
  /** The same on the way to another machine. */
  | 'networkMemory'
  | 'networkPort'
  | 'networkSignal'
  | 'symbolKey';

interface Refused {
  readonly where: Where;
  /** The class of the value. */
  readonly className: string;
}

/** For a captured variable. A module that the function imports is imported again on the other side. */
function elsewhere({ name, isDeeper }: Where): string {
  const variable = name ?? 'it';
  const exported = `export ${isDeeper ? variable : 'it'} from a module of its own, which is imported again there`;
  return isDeeper && name !== undefined
    ? `take what is needed of ${variable} into a variable, or ${exported}`
    : `make ${variable} inside the function, or ${exported}`;
}

const remedies: Readonly<Record<Cause, (refused: Refused) => string>> = {
  node: ({ where }) => {
    if (where.from === 'capture') return elsewhere(where);
    if (where.from === 'item') return 'hand over what it is made from';
    return where.from === 'result' ? 'return what is needed of it' : 'hand over what it is made from, and make it inside the function';
  },
  promise: ({ where }) => (where.from === 'result' ? 'await it before the function returns' : 'await it first, and hand over its result'),
  iterator: ({ where }) => {
    if (where.from === 'item') return 'hand over its items as an array, [...it]';
    return where.from === 'result'
      ? 'return its items as an array, [...it], or call stream() instead of submit()'
      : 'hand over its items as an array, [...it], or make it inside the function';
  },
  weak: ({ where }) => (where.from === 'capture' ? elsewhere(where) : 'a Map, a Set or the object itself can'),
  proxy: ({ where }) => (where.from === 'capture' ? elsewhere(where) : 'the object behind it can'),
  private: ({ where, className }) => {
    const reducer = `registerReducer(${className}, { reduce, rebuild }) says how it is made anew`;
    return where.from === 'capture' ? `${elsewhere(where)}; or ${reducer}` : reducer;
  },
  pool: ({ where }) =>
    where.from === 'result' || where.from === 'item'
      ? 'it belongs to the thread that made it'
      : 'it belongs to the thread that made it: make one inside the function',
  threadMemory: () =>
    'only threads of one process can share it: use share(), whose arrays processes see, too, a ThreadPoolExecutor, or hand over a copy of its bytes',
  threadPort: () => 'only a thread can take it over: use a ThreadPoolExecutor',
  anyMemory: () => 'share() and SharedArray give memory that processes see too; or hand over a copy of its bytes',
  anyPort: () => 'hand it over as an argument, to a Thread or to a ThreadPoolExecutor',
  anySignal: () => 'hand it over as an argument, or use an Event',
  networkMemory: () => 'hand over a copy of its bytes, or use a DistributedMap',
  networkPort: () => 'use a DistributedQueue',
  networkSignal: () => 'give it to with({ signal }), whose abort reaches the task, or use a DistributedEvent',
  symbolKey: () => 'use Symbol.for(…) as its key',
};

export function remedyFor(cause: Cause, where: Where, className: string = ''): string {
  return remedies[cause]({ where, className });
}

/** For functions, whose refusals name the function and the variable. */
export const functionRemedies = {
  native: 'hand over a function of your own, and call this one here with its result',
  ofNode: 'call it inside a function of your own',
  eval: 'indirect eval, (0, eval)(text), sees none and can be shipped',
  privateName: 'hand over an object of the class, and call its method there',
  notInitialised: 'hand the function over after the declaration has run',
  namespace: 'import it by an import declaration',
  words: 'take what is needed into a variable of its own',
  home: 'keep the method in one object alone, or make it a method of a class',
  class: 'export the class from a module of its own',
  release:
    'its source does not cross to another machine: export it from a module that both machines have, or set allowFunctions: true and an authkey',
} as const;

/** A missing part of a thrown error needs no remedy: the catching code cannot change it. */
export function withoutRemedy(why: string): string {
  const remedy = Object.values(functionRemedies).find((one) => why.endsWith(`: ${one}`));
  return remedy === undefined ? why : why.slice(0, -remedy.length - 2);
}
