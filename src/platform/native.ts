/**
 * The C library of the running program, called through koffi. Nothing is loaded before the first call; where it cannot be
 * loaded, the rest of heddle goes on without, and what needs it says what is missing.
 */

import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { UnsupportedPlatformError } from '../errors.ts';
import { ownWork } from '../own-work.ts';
import { undisturbed } from '../undisturbed.ts';

/** The functions that heddle calls: result, then parameters. Functions with `...` in C have the parameters that heddle passes. */
const prototypes = {
  pipe2: ['int', 'void *', 'int'],
  fcntl: ['int', 'int', 'int', 'long'],
  close: ['int', 'int'],
  open: ['int', 'void *', 'int', 'int'],
  linkat: ['int', 'int', 'void *', 'int', 'void *', 'int'],
  flock: ['int', 'int', 'int'],
  socket: ['int', 'int', 'int', 'int'],
  connect: ['int', 'int', 'void *', 'uint'],
  prctl: ['int', 'int', 'long', 'long', 'long', 'long'],
  waitid: ['int', 'int', 'int', 'void *', 'int'],
  // For system calls that older C libraries have no function for.
  syscall: ['long', 'long', 'long', 'long', 'long'],
  memfd_create: ['int', 'void *', 'uint'],
  ftruncate: ['int', 'int', 'long'],
  fallocate: ['int', 'int', 'int', 'long', 'long'],
  mmap: ['long', 'long', 'long', 'int', 'int', 'int', 'long'],
  munmap: ['int', 'long', 'long'],
  futex: ['long', 'long', 'long', 'int', 'int', 'void *'],
  poll: ['int', 'void *', 'long', 'int'],
  tcgetattr: ['int', 'int', 'void *'],
} as const;

export type FunctionName = keyof typeof prototypes;

/** Functions that the library has under another name: one with several forms has an entry for each. */
const symbols: Partial<Record<FunctionName, string>> = { futex: 'syscall' };

/** Returns -1 for an error; `lastError` tells which. */
export type NativeFunction = (...args: (number | NodeJS.TypedArray | null)[]) => number;

/** The used part of koffi. */
interface Koffi {
  readonly version: string;
  load(path: null): { func(name: string, result: string, parameters: readonly string[]): NativeFunction };
  errno(): number;
  view(address: number, bytes: number): ArrayBuffer;
}

interface Missing {
  readonly missing: string;
}

/** Numbers of system calls, and the layout of what they fill in, are those of 64-bit Linux. */
const architectures = new Set(['x64', 'arm64']);

let koffi: Koffi | Missing | undefined;
const functions = new Map<FunctionName, NativeFunction | Missing>();

function load(): Koffi | Missing {
  if (process.env['HEDDLE_PLATFORM'] === 'none') return { missing: 'HEDDLE_PLATFORM=none switches native calls off' };
  if (process.platform !== 'linux' || !architectures.has(process.arch))
    return { missing: `heddle makes native calls on Linux x64 and arm64 only; this is ${process.platform} ${process.arch}` };
  try {
    const require = createRequire(import.meta.url);
    return ownWork(() => undisturbed(() => require('koffi') as Koffi));
  } catch (error) {
    return { missing: `the package koffi cannot be loaded: ${(error as Error).message.split('\n', 1)[0]}` };
  }
}

function find(name: FunctionName): NativeFunction | Missing {
  let found = functions.get(name);
  if (found !== undefined) return found;
  koffi ??= load();
  if ('missing' in koffi) return koffi;
  const [result, ...parameters] = prototypes[name];
  try {
    // The program itself is linked with its C library, whichever that is.
    const { load: open } = koffi;
    found = ownWork(() => undisturbed(() => open(null).func(symbols[name] ?? name, result, parameters)));
  } catch {
    found = { missing: `the C library of this system has no ${name}()` };
  }
  functions.set(name, found);
  return found;
}

/** koffi's version, or why no native call can be made. */
export function nativeCalls(): { readonly version: string } | Missing {
  koffi ??= load();
  return 'missing' in koffi ? koffi : { version: koffi.version };
}

/** Why one of the functions cannot be called; undefined if all can. */
export function whatIsMissing(names: readonly FunctionName[]): string | undefined {
  for (const name of names) {
    const found = find(name);
    if (typeof found !== 'function') return found.missing;
  }
  return undefined;
}

/** @throws UnsupportedPlatformError if it cannot be called */
export function native(name: FunctionName): NativeFunction {
  const found = find(name);
  if (typeof found === 'function') return found;
  throw new UnsupportedPlatformError(`${name}() cannot be called: ${found.missing}`);
}

/** Memory of this process as a buffer; it must stay mapped. @throws UnsupportedPlatformError */
export function viewOf(address: number, bytes: number): ArrayBuffer {
  koffi ??= load();
  if ('missing' in koffi) throw new UnsupportedPlatformError(`memory cannot be viewed: ${koffi.missing}`);
  const { view } = koffi;
  return undisturbed(() => view(address, bytes));
}

/** The limits of the process that cause an error of a call, by the error's name. */
const limits: Readonly<Record<string, string>> = {
  EFBIG: 'a limit of the size of files, ulimit -f?',
  EMFILE: 'a limit of open files, ulimit -n?',
  ENFILE: 'the whole system has no more files to open',
  ENOMEM: 'a limit of addresses, ulimit -v?',
  ENOSPC: 'no memory is left for files in memory',
  ENOSYS: 'a sandbox may forbid the call',
  EPERM: 'a sandbox may forbid the call',
};

/** The name of the error of this thread's last native call, with what may be the reason: `EFBIG (a limit of the size of files, ulimit -f?)`. */
export function lastErrorText(): string {
  const error = lastError();
  if (error === 0) return 'no error';
  const name = getSystemErrorName(-error);
  return limits[name] === undefined ? name : `${name} (${limits[name]})`;
}

/** The error number of this thread's last native call. */
export function lastError(): number {
  return koffi !== undefined && 'errno' in koffi ? koffi.errno() : 0;
}
