/** The program's stack: without heddle's frames, and without Node's. */

import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where heddle lies, with its sources, which Node may map frames to. Nowhere, if a bundler has put it into a file of the program's. */
const isBundled = !/\/coroutine\/monkey\/stack\.[jt]s$/.test(import.meta.url);
const root = isBundled ? undefined : fileURLToPath(new URL('../../../', import.meta.url));
const ours = root === undefined ? [] : [root, pathToFileURL(root).href].flatMap((at) => [`${at}dist/`, `${at}src/`]);
const kernel = ours.map((at) => `${at}coroutine/`);

const DEPTH = 50;

const isOurs = (line: string): boolean => ours.some((at) => line.includes(at));
const isOfNode = (line: string): boolean => /(?:\(|at |async )node:/.test(line);
/** `at Array.map (<anonymous>)`; and `at <anonymous>:1:9`, which is the watchdog's question. */
const isBuiltIn = (line: string): boolean => line.endsWith('(<anonymous>)') || /at <anonymous>:\d+:\d+$/.test(line);

export interface Frames {
  /** `    at f (file:///…/main.js:12:3)`, in lines. */
  readonly stack: string;
  /** Whether the program called: not Node, which loads a module or writes to the console, nor heddle. */
  readonly isOfProgram: boolean;
}

/** @param above the function whose caller is the first frame */
export function framesAbove(above: (...args: any[]) => unknown): Frames {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, above);
  Error.stackTraceLimit = before;
  const lines = String(holder.stack)
    .split('\n')
    .filter((line) => line.startsWith('    at ') && !isBuiltIn(line));
  const [caller = ''] = lines;
  return {
    stack: lines.filter((line) => !isOurs(line) && !isOfNode(line)).join('\n'),
    // A greenlet whose function is the blocking one itself is called by the kernel.
    isOfProgram: !isOfNode(caller) && (!isOurs(caller) || kernel.some((at) => caller.includes(at))),
  };
}
