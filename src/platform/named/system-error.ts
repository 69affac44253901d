/** Errors of the system, as Node's own file functions throw them: `EEXIST: file already exists, open 'psm_12345678'`. */

import { getSystemErrorMap } from 'node:util';
import { callerFirst } from '../../stack-frames.ts';

/** An error with the `code`, `errno`, `syscall` and `path` of Node's own. @param errno positive, as C has it */
export function systemError(errno: number, syscall: string, path: string, hint?: string): NodeJS.ErrnoException {
  const [code, meaning] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
  const message = `${code}: ${meaning}, ${syscall} '${path}'${hint === undefined ? '' : `: ${hint}`}`;
  return callerFirst(() => Object.assign(new Error(message), { errno: -errno, code, syscall, path }));
}
