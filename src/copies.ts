/**
 * Several copies of heddle in one process: two versions in one tree of packages, or a test runner that gives each file its own modules.
 *
 *   this copy    new Lock() ── its class carries the mark: which copy, what kind
 *   that copy    pool.submit(fn, lock): not one of its own classes, but it reads the mark and can say so
 *
 * The mark is a registered symbol, so that every version finds it. The registries that all copies of a thread share have such symbols, too.
 * Every later version must be able to read a mark.
 */

import { types } from 'node:util';
import { fs } from './builtins.ts';
import { packageFolder } from './places.ts';

const mark: unique symbol = Symbol.for('heddle.copy') as never;

/** The kind of an object of heddle, as far as another copy needs it. */
export type CopyKind = 'shared' | 'pool' | 'result' | 'greenlet';

/** One loaded heddle. */
interface Copy {
  readonly folder: string;
  readonly version: string;
}

export interface Mark {
  readonly kind: CopyKind;
  readonly copy: Copy;
}

let version: string | undefined;

const here: Copy = {
  folder: packageFolder,
  /** Read when it is asked for. */
  get version(): string {
    version ??= (JSON.parse(fs().readFileSync(`${packageFolder}package.json`, 'utf8')) as { version: string }).version;
    return version;
  },
};

/** Marks the objects of a class as those of this copy: for its static block. */
export function markClass(Class: { readonly prototype: object }, kind: CopyKind): void {
  Object.defineProperty(Class.prototype, mark, { value: { kind, copy: here } satisfies Mark });
}

/** The mark of an object of heddle, of this copy or another. */
export function copyOf(value: unknown): Mark | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  return (value as { readonly [mark]?: Mark })[mark];
}

/** For an object of another copy of heddle: which two copies there are, and what to do. Undefined for any other value. */
export function otherCopy(value: unknown): string | undefined {
  const found = copyOf(value);
  if (found === undefined || found.copy === here) return undefined;
  const { folder, version: its } = found.copy;
  if (folder === here.folder)
    return `it is of another copy of heddle: ${folder} was loaded twice, as test runners do that give each file modules of its own; import heddle once, and pass it on`;
  return `it is of another copy of heddle: it comes from heddle ${its} in ${folder}, this is heddle ${here.version} in ${here.folder}; install one for all (npm ls heddle shows which packages bring them, npm dedupe unites them)`;
}

/** Something that all copies in a thread have in common. A hidden property of `process` holds it: nothing is left on the global object. */
export function common<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`heddle.${name}`);
  const known = (process as unknown as Record<symbol, T | undefined>)[key];
  if (known !== undefined) return known;
  const made = make();
  Object.defineProperty(process, key, { value: made });
  return made;
}

/** As `common`, for the copies of one installed heddle: what it holds may change with the version. */
export function commonHere<T extends object>(name: string, make: () => T): T {
  return common(`${name} ${packageFolder}`, make);
}
