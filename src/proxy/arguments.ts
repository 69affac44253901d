/** Errors of arguments that cannot cross, in the words of the caller: an argument goes by its number, and not by its place in a message. */

import { SerializationError } from '../errors.ts';
import { PIPELINE, recordedCalls, SET } from './methods.ts';
import { CREATE } from './protocol.ts';

/** How paths begin: the place in the message, and perhaps one in the list that is there. */
const place = /^(item|request)\[(\d+)\](?:\[(\d+)\])?/;

/** How many values stand before the arguments in a request. */
const before = 4;
/** How paths begin in a request that has but one, the method; and in what a callback gave, and in a result. */
export const requestRoot = 'request';
export const answerRoot = 'result of the callback';
/** The same in replies: a result, and the arguments of a callback. */
export const argumentRoots = { result: 'result', callback: 'callback' } as const;

/** The same error, which names the argument. */
export function argumentNamed(error: unknown, method: string, args: readonly unknown[]): unknown {
  if (!(error instanceof SerializationError)) return error;
  const found = place.exec(error.message);
  if (found === null) return error;
  const first = Number(found[2]) - (found[1] === 'item' ? before : 1);
  const second = found[3] === undefined ? undefined : Number(found[3]);
  const named = nameOf(method, args, first, second);
  return named === undefined
    ? error
    : renamed(error, found[0], named.hasSecond ? named.name : named.name + found[0].slice(found[0].indexOf(']') + 1));
}

interface Named {
  readonly name: string;
  /** The record also says where the second step of the path leads. */
  readonly hasSecond: boolean;
}

function nameOf(method: string, args: readonly unknown[], first: number, second: number | undefined): Named | undefined {
  if (method === SET) return { name: `the new value of ${String(args[0])}`, hasSecond: false };
  if (method === CREATE) {
    if (first === 1 && second !== undefined) return { name: `argument ${second + 1} of ${String(args[0])}()`, hasSecond: true };
    return first === 2 ? { name: `the class registered as ${String(args[0])}`, hasSecond: false } : undefined;
  }
  if (method === PIPELINE) return first === 2 && second !== undefined ? inPipeline(args, second) : undefined;
  return method.startsWith('.') ? undefined : { name: `argument ${first + 1} of ${method}()`, hasSecond: false };
}

function inPipeline(args: readonly unknown[], at: number): Named | undefined {
  let passed = 0;
  let count = 0;
  for (const [method, of] of recordedCalls(...(args as Parameters<typeof recordedCalls>))) {
    count += 1;
    if (at < passed + of.length)
      return { name: `argument ${at - passed + 1} of ${method}(), call ${count} of the pipeline`, hasSecond: true };
    passed += of.length;
  }
  return undefined;
}

/** The error of a reply that cannot cross, which says what it concerns: a result, or what a callback was to be called with. */
export function replyNamed(error: unknown, isCallback: boolean): unknown {
  const found = error instanceof SerializationError ? /^(item|callback)\[(\d+)\]/.exec(error.message) : null;
  if (found === null) return error;
  const at = Number(found[2]) - (found[1] === 'item' ? before - 2 : -1);
  return renamed(error as SerializationError, found[0], isCallback ? `argument ${at} of the callback` : 'result');
}

/** The error of an answer that cannot cross. */
export function answerNamed(error: unknown): unknown {
  const from = 'item[6]';
  return error instanceof SerializationError && error.message.startsWith(from) ? renamed(error, from, 'result of the callback') : error;
}

/** Puts a name in the place of how its message begins. */
function renamed(error: SerializationError, from: string, to: string): SerializationError {
  const old = error.message;
  const message = to + old.slice(from.length);
  const { stack } = error;
  Object.defineProperty(error, 'message', { value: message, writable: true, configurable: true, enumerable: false });
  if (typeof stack === 'string')
    Object.defineProperty(error, 'stack', {
      value: stack.replace(old, () => message),
      writable: true,
      configurable: true,
      enumerable: false,
    });
  return error;
}
