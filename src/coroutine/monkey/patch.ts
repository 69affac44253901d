/** Puts wrappers around the functions that block, and takes them away again. */

import { syncBuiltinESMExports } from 'node:module';
import { checkOptions, checkTimeout, expected } from '../../check.ts';
import { replaceBlocking } from '../../loop/index.ts';
import { around, setOnBlock } from './calls.ts';
import { leaveSteps, measureSteps } from './steps.ts';
import { findTargets, type Target } from './targets.ts';
import type { OnBlock } from './tell.ts';
import { startWatchdog, stopWatchdog } from './watchdog.ts';
import { TypeError } from '../../refusals.ts';

/** For `monkey.patchAll()`: what is looked for, and what becomes of it. */
export interface PatchOptions {
  /**
   * What becomes of a blocking call: `'warn'` tells of each place once, by `process.emitWarning` with the code `HEDDLE_BLOCKING`;
   * `'throw'` throws a `BlockingCallError` instead of making it; a function is called when it has been made. What the function throws is
   * written to stderr and changes nothing. Long steps cannot be refused: `'throw'` warns of them. Default `'warn'`.
   */
  readonly onBlock?: OnBlock | undefined;
  /** Milliseconds: a step, or a stretch without a turn of the event loop, that takes longer is told of. Default 100; Infinity: none. */
  readonly longerThan?: number | undefined;
}

/** gevent's max_blocking_time. */
const LONGER_THAN = 100;

interface Patch extends Target {
  readonly original: PropertyDescriptor;
  readonly wrapper: unknown;
}

const patches = new Map<string, Patch>();
let isOn = false;

/**
 * Finds what blocks the thread while a greenlet runs: calls of the `…Sync` functions of `fs`, `child_process`, `crypto` and `zlib`, of
 * `Atomics.wait` and of heddle's own `…Sync`; and greenlets that work for long without a wait. Each is told of with its stack, the
 * milliseconds lost and the greenlet. The cure is the function's promise form, or `toThread`.
 *
 * A call within a call is a part of it. Calls that Node makes itself, to load a module or to write to the console, are not told of, nor
 * are those outside of greenlets. The functions are seen by `require('fs')`, `import fs from 'fs'` and `import { readFileSync } from 'fs'`;
 * not by a `const { readFileSync } = require('fs')` that was there before. The patch holds for this thread only.
 *
 * Long steps are measured when they end. In the main thread another thread looks, meanwhile, where the greenlet is (which costs
 * it some 20 ms), and if it does not come back at all (ten times `longerThan`, at least a second) says so on stderr. For what an async
 * function does after its first `await` only that thread can tell.
 *
 * Called again it takes new options, if it is given some.
 *
 * @throws TypeError, RangeError if an option is wrong
 *
 * Source: gevent.monkey.patch_all; gevent's monitor thread and its max_blocking_time
 *
 * @example
 * ```ts
 * import { statSync } from 'node:fs';
 * import { monkey, spawn } from 'heddle/coroutine';
 *
 * monkey.patchAll({ onBlock: ({ name, greenlet, ms, stack }) => console.log(name, greenlet, ms > 0, stack.includes('looking')) });
 * const g = spawn(function* looking() {
 *   return statSync('.').isDirectory();
 * });
 * g.name = 'observer';
 * console.log(await g);
 * monkey.unpatchAll();
 * // prints: fs.statSync observer true true
 * // prints: true
 * ```
 */
export function patchAll(options?: PatchOptions): void {
  checkOptions(options, 'options', ['onBlock', 'longerThan']);
  if (isOn && options === undefined) return;
  const { onBlock = 'warn', longerThan = LONGER_THAN } = options ?? {};
  if (onBlock !== 'warn' && onBlock !== 'throw' && typeof onBlock !== 'function')
    throw new TypeError(expected('onBlock', `'warn', 'throw' or a function`, onBlock));
  checkTimeout(longerThan, 'longerThan');
  setOnBlock(onBlock);
  measureSteps(longerThan);
  startWatchdog(longerThan);
  if (isOn) return;
  isOn = true;
  for (const target of findTargets()) put(target);
  replaceBlocking(around);
  syncBuiltinESMExports();
}

/** As an object it is what it was in all but the call: name, length, properties, prototype. */
function put(target: Target): void {
  const { name, holder, key } = target;
  const original = Object.getOwnPropertyDescriptor(holder, key);
  if (original === undefined || original.configurable !== true) return;
  const handler = {
    apply: function wrapped(fn: (...args: any[]) => unknown, self: unknown, args: unknown[]): unknown {
      if (!isOn) return Reflect.apply(fn, self, args);
      return around(name, wrapped, () => Reflect.apply(fn, self, args));
    },
  };
  const wrapper: unknown = new Proxy(original.value as (...args: any[]) => unknown, handler);
  Object.defineProperty(holder, key, { ...original, value: wrapper });
  patches.set(name, { ...target, original, wrapper });
}

/**
 * Takes back what `patchAll` did: the functions are the very ones that were there. One that somebody else has replaced since is
 * left as it is, with a warning; what is of us behind it does nothing any more. Without a `patchAll` nothing happens.
 */
export function unpatchAll(): void {
  if (!isOn) return;
  isOn = false;
  const left: string[] = [];
  for (const { name, holder, key, original, wrapper } of patches.values()) {
    if (Object.getOwnPropertyDescriptor(holder, key)?.value === wrapper) Object.defineProperty(holder, key, original);
    else left.push(name);
  }
  patches.clear();
  replaceBlocking(undefined);
  leaveSteps();
  stopWatchdog();
  syncBuiltinESMExports();
  if (left.length > 0)
    process.emitWarning(`monkey.unpatchAll() left ${left.join(', ')} as they are: somebody else has replaced them since`, {
      type: 'BlockingWarning',
      code: 'HEDDLE_BLOCKING',
    });
}

/**
 * Whether `patchAll` watches a function, such as `fs.readFileSync`, or functions of a module, such as `fs`. Also with `node:` before it.
 *
 * Source: gevent.monkey.is_module_patched, is_object_patched
 *
 * @throws TypeError if `name` is no string
 */
export function isPatched(name: string): boolean {
  if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
  const plain = name.replace(/^node:/, '');
  return patches.has(plain) || [...patches.keys()].some((one) => one.startsWith(`${plain}.`));
}
