/** The program's stack: without heddle's frames, and without Node's. */

import { isNodeFrame, isOwnFrame, whileSet } from '../../stack-frames.ts';

const DEPTH = 50;

/** The files of `coroutine/` and, in the bundle, the chunk that is made of them: `coroutine-Bf_8F6mV.js`. */
const isOfKernel = (line: string): boolean => /\/coroutine(?:\/[^\s()]+|-[\w-]+\.js):\d+:\d+\)?$/.test(line);
/** `at Array.map (<anonymous>)`; and `at <anonymous>:1:9`, which is the watchdog's question. */
const isBuiltIn = (line: string): boolean => line.endsWith('(<anonymous>)') || /at <anonymous>:\d+:\d+$/.test(line);

export interface Frames {
  /** `    at f (file:///…/main.js:12:3)`, in lines. */
  readonly stack: string;
  /** True if the program called: not heddle, nor Node, which loads a module or writes to the console. */
  readonly isOfProgram: boolean;
}

/** @param above the function whose caller is the first frame */
export function framesAbove(above: (...args: any[]) => unknown): Frames {
  const holder: { stack?: string } = {};
  whileSet('stackTraceLimit', DEPTH, () => Error.captureStackTrace(holder, above));
  const lines = String(holder.stack)
    .split('\n')
    .filter((line) => line.startsWith('    at ') && !isBuiltIn(line));
  const [caller = ''] = lines;
  return {
    stack: lines.filter((line) => !isOwnFrame(line) && !isNodeFrame(line)).join('\n'),
    // A greenlet whose function is the blocking one itself is called by the kernel.
    isOfProgram: !isNodeFrame(caller) && (!isOwnFrame(caller) || isOfKernel(caller)),
  };
}
