/**
 * The state that a child inherits from its parent at its start: environment, working folder, umask, and what Node and the system read only
 * then. A blank process was started earlier; later changes are sent to it, or cannot be sent.
 */

import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { terminalModes } from '../../platform/index.ts';
import { inheritedExecArgv } from './exec-argv.ts';

/** Environment variables; those that are `undefined` are left out. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  readonly env: Env;
  readonly cwd: string;
  readonly umask: number;
  /** The part that cannot be changed in a running process, as one text. */
  readonly fixed: string;
}

/** Changes for a blank process. */
export interface Handover {
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly cwd?: string;
  readonly umask?: number;
}

/** Variables that Node, V8, ICU, OpenSSL, libuv, the dynamic linker or heddle read where they start. */
const readAtStart = /^(?:NODE_|V8_|UV_|ICU_|OPENSSL_|SSL_|LD_|MALLOC_|GLIBC_|LC_|HEDDLE_)|^(?:LANG|LANGUAGE|TZ|TZDIR)$/i;

/** @throws if the working folder is gone */
export function surroundings(env: Env | undefined): Surroundings {
  const ids = [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.(), process.getgroups?.()];
  const fixed = JSON.stringify([process.execPath, inheritedExecArgv(process.execArgv), ids, getPriority(), terminalModes()]);
  // A variable may be called `constructor`.
  const own = Object.assign(Object.create(null) as Env, env ?? process.env);
  return { env: own, cwd: process.cwd(), umask: umask(), fixed };
}

/** The changes by which a process with the first surroundings gets the second, where `fixed` is the same; undefined where it cannot. */
export function changes(from: Surroundings, to: Surroundings): Handover | undefined {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [key, value] of Object.entries(to.env)) if (value !== undefined && from.env[key] !== value) set[key] = value;
  for (const [key, value] of Object.entries(from.env)) if (value !== undefined && to.env[key] === undefined) unset.push(key);
  if ([...Object.keys(set), ...unset].some((key) => readAtStart.test(key))) return undefined;
  return {
    ...(Object.keys(set).length === 0 ? {} : { set }),
    ...(unset.length === 0 ? {} : { unset }),
    ...(from.cwd === to.cwd ? {} : { cwd: to.cwd }),
    ...(from.umask === to.umask ? {} : { umask: to.umask }),
  };
}

/** Called in the blank process. @throws if the working folder is gone */
export function adopt({ set = {}, unset = [], cwd, umask: mask }: Handover): void {
  for (const key of unset) delete process.env[key];
  Object.assign(process.env, set);
  if (cwd !== undefined) process.chdir(cwd);
  if (mask !== undefined) process.umask(mask);
}

/** `process.umask()` sets it to 0 for a moment, for all threads. */
function umask(): number {
  try {
    const mask = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (mask !== undefined) return Number.parseInt(mask, 8);
  } catch {
    // A system without /proc.
  }
  return process.umask();
}
