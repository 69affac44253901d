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
   * The reaction to a blocking call. `'warn'` reports each place once, by `process.emitWarning` with the code `HEDDLE_BLOCKING`. `'throw'`
   * throws a `BlockingCallError` instead of making the call. A function is called after the call. An error of the function is written to
   * stderr and changes nothing. Long steps cannot be refused: `'throw'` warns of them. Default `'warn'`.
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
 * Finds what blocks the thread while a greenlet runs: `…Sync` functions of `fs`, `child_process`, `crypto` and `zlib`, `Atomics.wait`,
 * heddle's own `…Sync` calls, and greenlets that work for long without a wait. Each report has the stack, the milliseconds lost and the
 * greenlet. The cure is the function's promise form, or `toThread`.
 *
 * A call within a call is a part of it. Calls that Node makes itself, to load a module or to write to the console, are not told of, nor
 * are those outside of greenlets. The functions are seen by `require('fs')`, `import fs from 'fs'` and `import { readFileSync } from 'fs'`;
 * not by a `const { readFileSync } = require('fs')` that was there before. The patch holds for this thread only.
 *
 * Long steps are measured when they end. For the main thread, a second thread meanwhile samples where the greenlet is, which costs the main
 * thread some 20 ms. A step that does not return at all is reported on stderr after ten times `longerThan`, at least a second. The work of
 * an async function after its first `await` is visible to that thread only.
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
 * Undoes `patchAll`: the original functions are restored. A function that another library has replaced since is left as it is, with a
 * warning; the wrapper behind it does nothing any more. Without a `patchAll`, this call has no effect.
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
    process.emitWarning(`monkey.unpatchAll() left ${left.join(', ')} as they are: other code has replaced them since`, {
      type: 'BlockingWarning',
      code: 'HEDDLE_BLOCKING',
    });
}

/**
 * True if `patchAll` watches a function, such as `fs.readFileSync`, or functions of a module, such as `fs`. A prefix `node:` is allowed.
 *
 * Source: gevent.monkey.is_module_patched, is_object_patched
 *
 * @throws TypeError if `name` is not a string
 */
export function isPatched(name: string): boolean {
  if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
  const plain = name.replace(/^node:/, '');
  return patches.has(plain) || [...patches.keys()].some((one) => one.startsWith(`${plain}.`));
}
