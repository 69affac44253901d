/**
 * Lines of stack traces: which of them show calls inside heddle and Node, and a stack without them.
 *
 *   an error that heddle makes    callerFirst: the line of the user's call comes first, when the stack is read
 *   an error that came home       withoutOwnFrames, hideOwnFrames: it is read, and joined with others
 */

import { ownFolders } from './places.ts';

/** True for a line that shows a call inside heddle. */
export function isOwnFrame(line: string): boolean {
  return ownFolders.some((folder) => line.includes(folder));
}

/** True for a line that shows a call inside Node. */
export function isNodeFrame(line: string): boolean {
  return /(?:\(|at |async )node:/.test(line);
}

/** `at Array.map (<anonymous>)`, or that of an async context. */
const isNative = (line: string): boolean =>
  line.startsWith('    at ') && (line.endsWith('(<anonymous>)') || /\(node:(?:internal\/)?async_/.test(line));

/**
 * The lines of a stack without heddle's frames, the native functions that heddle called, and Node's frames below the lowest of them: there is
 * only what delivered the task. A stack may consist of several, one below another.
 */
export function withoutOwnFrames(lines: readonly string[]): string[] {
  if (!lines.some(isOwnFrame)) return [...lines];
  const kept: string[] = [];
  /** The number of lines in `kept` above the own frame that was met last. */
  let aboveOwn: number | undefined;
  const endOfStack = (): void => {
    if (aboveOwn !== undefined && kept.slice(aboveOwn).every(isNodeFrame)) kept.length = aboveOwn;
    aboveOwn = undefined;
  };
  for (const line of lines) {
    if (!line.startsWith('    at ')) endOfStack();
    else if (isOwnFrame(line)) {
      while (kept.length > (aboveOwn ?? 0) && isNative(kept.at(-1)!)) kept.pop();
      aboveOwn = kept.length;
      continue;
    }
    kept.push(line);
  }
  endOfStack();
  return kept;
}

/** Leaves heddle's frames out of an error's stack. An error that cannot be changed keeps it. */
export function hideOwnFrames(error: unknown): void {
  try {
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return;
    const lines = stack.split('\n');
    const shown = withoutOwnFrames(lines);
    if (shown.length < lines.length) Object.defineProperty(error, 'stack', { value: shown.join('\n') });
  } catch {
    // frozen, or no object at all
  }
}

/** Calls of heddle's own that may lie between the one that makes an error and the user's. */
const ownFrames = 40;
/** The same for the encoding of a value: nested values are encoded by nested calls. Capturing this number takes 0.2 ms on a deep stack. */
export const nestedFrames = 500;

/**
 * Makes an error whose stack begins with the user's call of heddle. The lines of the stack are made when it is read, as V8 and whatever
 * replaces its `Error.prepareStackTrace` make them: source maps apply.
 */
export function callerFirst<E extends Error>(make: () => E): E {
  const limit = limitOfFrames();
  if (limit === undefined) return make();
  let error: E;
  try {
    // The frames that it would have are not those that are shown.
    Error.stackTraceLimit = 0;
    error = make();
  } finally {
    Error.stackTraceLimit = limit;
  }
  showCaller(error, limit, nestedFrames);
  return error;
}

/** The lines of the stack here, whatever the program has made of `Error`; none where it lets nothing be changed. @param count the most there are */
export function linesOfStack(count: number): string[] {
  const read = (): unknown => {
    const here: { stack?: unknown } = {};
    Error.captureStackTrace(here, linesOfStack);
    return here.stack;
  };
  const stack = whileSet('stackTraceLimit', count, () => whileSet('prepareStackTrace', undefined, read));
  return typeof stack === 'string' ? stack.split('\n').slice(1) : [];
}

/** Runs `work` while `Error` has this property, if it can be changed. */
export function whileSet<R>(key: 'stackTraceLimit' | 'prepareStackTrace', value: unknown, work: () => R): R {
  const before = Object.getOwnPropertyDescriptor(Error, key);
  const meanwhile = before === undefined ? { value, writable: true, enumerable: true, configurable: true } : { value };
  if (!Reflect.defineProperty(Error, key, meanwhile)) return work();
  try {
    return work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, key);
    else Object.defineProperty(Error, key, before);
  }
}

/** The number of frames that a stack may have, if there are any and it can be changed. */
export function limitOfFrames(): number | undefined {
  const found = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  return found?.writable === true && typeof found.value === 'number' && found.value > 0 ? found.value : undefined;
}

/**
 * @param error has no frames yet
 * @param own how many frames of heddle's there may be
 */
export function showCaller(error: Error, limit: number, own: number = ownFrames): void {
  const frames: Frames = {};
  Error.stackTraceLimit = limit + own;
  Error.captureStackTrace(frames, showCaller);
  Error.stackTraceLimit = limit;
  show(error, frames, limit);
}

/** Where a call was made. V8 makes text of it only if it is read. */
export interface Frames {
  stack?: unknown;
}

/** Calls of heddle's own between the one that remembers where it was made, and the user's. */
const fewFrames = 5;

/** Remembers where the call is made that is at work: what it fails with later has no line of it. Undefined: the program wants no stacks. */
export function framesOfCall(): Frames | undefined {
  const limit = limitOfFrames();
  if (limit === undefined) return undefined;
  const frames: Frames = {};
  Error.stackTraceLimit = limit + fewFrames;
  Error.captureStackTrace(frames, framesOfCall);
  Error.stackTraceLimit = limit;
  return frames;
}

/** Makes the stack of an error begin with the user's call, in the place of what has found out that it failed. */
export function failedAt<E extends Error>(error: E, frames: Frames | undefined): E {
  const limit = limitOfFrames();
  if (frames !== undefined && limit !== undefined && Object.isExtensible(error)) show(error, frames, limit);
  return error;
}

function show(error: Error, frames: Frames, limit: number): void {
  const set = (value: unknown): void => {
    Object.defineProperty(error, 'stack', { value, writable: true, configurable: true, enumerable: false });
  };
  const get = (): unknown => {
    // The formatter of the lines finds the name and the message of the error.
    Object.setPrototypeOf(frames, error);
    const stack = shortened(frames.stack, limit);
    if (!Object.isSealed(error)) set(stack);
    return stack;
  };
  // V8 would make the lines of the stack that is there, to compare.
  Reflect.deleteProperty(error, 'stack');
  Object.defineProperty(error, 'stack', { get, set, configurable: true, enumerable: false });
}

/**
 * Removes own frames, and keeps at most `limit` of the others. A stack that is not text was made by the user's `Error.prepareStackTrace`.
 */
function shortened(stack: unknown, limit: number): unknown {
  if (typeof stack !== 'string') return stack;
  let left = limit;
  return withoutOwnFrames(stack.split('\n'))
    .filter((line) => !line.startsWith('    at ') || left-- > 0)
    .join('\n');
}
