/**
 * Which uses of a pool a worker refuses, so that no module starts workers without end. A worker imports the modules that its tasks need; if one of
 * them uses a pool where it is loaded, so it does in the workers of that pool, and in theirs.
 *
 *   program ──pool──▶ worker (depth 1)
 *                       │ imports what a task needs ──uses a pool──▶ refused
 *                       │ runs a task ──uses a pool──▶ worker (depth 2) … up to `maxDepth`
 *                       └ loads a module by an `import()` of the task, or runs code that no task waits for
 *                           ──uses a pool──▶ worker (depth 2, unasked) ──the same again──▶ refused
 *
 * An `AsyncLocalStorage` marks the code of a module while a worker imports it, behind its top-level `await` as well. The storage is on for
 * that time only: on Node 20 and 22 it makes every promise slower.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import { setLoadScope } from '../../codec/index.ts';
import { commonHere } from '../../copies.ts';
import { ownFolders, placeOf } from '../../places.ts';
import { linesOfStack } from '../../stack-frames.ts';
import { importing } from '../../undisturbed.ts';
import { currentTask } from './current-task.ts';

/** The nesting that a host passes to its worker. */
export interface Nesting {
  /** The number of pools above the thread: 0 in a program. */
  readonly depth: number;
  /** True if its pool was first used where a module was loaded in a worker, or by code that no task ran. */
  readonly isUnasked: boolean;
}

/** Levels of pools in pools. More are taken for a recursion that never ends. */
const maxDepth = 8;

/** Set on `process` when a worker's first file has run. Other loaders may make a second heddle here. */
const begun = Symbol.for('heddle.worker.hasBegun');

let here: Nesting = { depth: 0, isUnasked: false };
/** Modules that the worker imports for a task, by their keys. */
interface Import {
  readonly keys: readonly string[];
  isOver: boolean;
}

const workerFiles = ['worker/thread-main.js', 'worker/process-main.js', 'process/child-main.js', 'thread/child-main.js'];

/** The same for all copies of heddle: a loader may give the modules that a worker imports one of their own. */
const known = commonHere('nesting', () => ({
  /** True in heddle's own workers, also while modules are preloaded there, when Node has not come to the worker's first file. */
  isWorker: workerFiles.some((file) => process.argv[1] === fileURLToPath(placeOf(file))),
  /** True in a `Process` or a `Thread` from its `run()` on: code that is asked for, as that of a task is. */
  hasRun: false,
  importing: new AsyncLocalStorage<Import>(),
  imports: 0,
}));

/** True in what heddle has started: workers of pools, and what a `Process` or a `Thread` runs in. */
export function isStartedByHeddle(): boolean {
  return known.isWorker;
}

/** To be called by the first file of a worker. */
export function watchImports(): void {
  Object.defineProperty(process, begun, { value: true, configurable: true });
  setLoadScope((keys, load) => {
    const now: Import = { keys, isOver: false };
    const end = (): void => {
      importing(-1);
      now.isOver = true;
      if (--known.imports === 0) known.importing.disable();
    };
    known.imports++;
    importing(1);
    let isWaiting = false;
    try {
      const loading = known.importing.run(now, load);
      if (!(loading instanceof Promise)) return loading;
      isWaiting = true;
      return loading.finally(end) as typeof loading;
    } finally {
      if (!isWaiting) end();
    }
  });
}

/** To be called when the worker's host has told it. */
export function setNesting(nesting: Nesting): void {
  here = nesting;
}

/** To be called where a `Process` or a `Thread` begins its `run()`. */
export function beginRun(): void {
  known.hasRun = true;
}

/** Returns the nesting for a worker of this thread. */
export function nestingBelow(isPoolUnasked: boolean): Nesting {
  return { depth: here.depth + 1, isUnasked: isPoolUnasked };
}

/**
 * The reason why a pool cannot be used here and now, in the words that follow the name of the pool; undefined if it can. In a program that
 * is not a worker the check costs nothing.
 */
export function whyPoolIsRefused(): string | undefined {
  if (!known.isWorker) return undefined;
  const modules = whatIsImported();
  if (modules !== undefined)
    return `while a worker imports ${modules}: the workers of that pool would import the same and use pools in turn, without end. Use the pool in a function that is called later, not where a module is loaded`;
  if (here.depth >= maxDepth) return `in a worker that is ${here.depth} pools deep: pools nest up to ${maxDepth} deep`;
  if (!here.isUnasked) return undefined;
  const module = moduleOnStack();
  if (module === undefined && isAsked()) return undefined;
  const where = module === undefined ? 'by code that no task runs' : `while ${module} is loaded`;
  return `${where}, in a worker that was itself started so: this might go on without end. Use the pool in a function that a task calls`;
}

/** True for code of a task, of a `Process` or of a `Thread`. */
const isAsked = (): boolean => known.hasRun || currentTask() !== null;

/**
 * Why a `Process` or `Thread` cannot be started here and now, in the words that follow its name; undefined if it can: a module that starts one where it
 * is loaded does so again in the child that imports it.
 */
export function whyStartIsRefused(): string | undefined {
  const modules = known.isWorker ? whatIsImported() : undefined;
  return modules === undefined
    ? undefined
    : `cannot be started while a child imports ${modules}: its child would import the same and start another, without end. Start it in a function that is called later, not where a module is loaded`;
}

/** The modules in whose import this is called, in words. */
function whatIsImported(): string | undefined {
  if (!(begun in process)) return 'its preloaded modules';
  const now = known.imports === 0 ? undefined : known.importing.getStore();
  return now === undefined || now.isOver
    ? undefined
    : now.keys
        .filter((key) => !isOwnFile(key))
        .map(nameOfModule)
        .join(', ');
}

/** True for a use of a pool by code that no task runs, or where a module is loaded. Reads the stack. */
export function isUnasked(): boolean {
  return known.isWorker && (!isAsked() || moduleOnStack() !== undefined);
}

/** Frames of Node below the top level of a module. */
const loaderFrame = /node:internal\/modules\/(?:esm\/module_job|cjs\/loader)/;

/** The module whose top level runs, as the stack names it. */
function moduleOnStack(): string | undefined {
  const lines = linesOfStack(50);
  const at = lines.findIndex((line) => loaderFrame.test(line));
  if (at === -1) return undefined;
  const place = /(?:\(|at )([^(]*?)(?::\d+)*\)?$/.exec(lines[at - 1] ?? '')?.[1] ?? 'a module';
  return nameOfModule(place);
}

/** True for a file of heddle's, whose classes travel by reference, too. */
const isOwnFile = (key: string): boolean => ownFolders.some((folder) => key.includes(folder));

/** A module in words, by its key: its file, or what the import says. */
function nameOfModule(key: string): string {
  const specifier = /^(?:import|require) (".*?") from /s.exec(key)?.[1];
  const name = specifier === undefined ? key : (JSON.parse(specifier) as string);
  return name.startsWith('file:') ? fileURLToPath(name.replace(/[?#].*$/s, '')) : name;
}
