/**
 * TypeScript in workers. Node strips types by itself from 22.18 and 23.6 on; before, `tsx` does it, if the user has it.
 *
 * tsx registers itself by `--import` in the main thread of a process only. On Node 20 a thread must register it again, for `import` and for
 * `require`. Each worker does that, with the modules named here, before it imports the job.
 */

import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from '../../places.ts';
import { resolvePackage } from './module.ts';

export function isTypeScript(file: string): boolean {
  return /\.([cm]?ts|tsx)$/.test(file);
}

/** True if this Node reads that file by itself. */
export function isReadByNode(file: string): boolean {
  const { typescript } = process.features as { typescript?: string | false };
  return !file.endsWith('.tsx') && typeof typescript === 'string';
}

/** True for what tsx can do with a TypeScript module and Node cannot: enums and the like, `./x.js` that means `./x.ts`. */
export function isBeyondNode(file: string, code: string | null): boolean {
  const codes = [
    'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
    'ERR_MODULE_NOT_FOUND',
    'ERR_UNSUPPORTED_DIR_IMPORT',
    'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  ];
  return isTypeScript(file) && code !== null && codes.includes(code);
}

/** URLs of tsx's two entry points, found from the user's module, the current folder or heddle itself; undefined without tsx. */
export function findTsx(file: string, cwd: string): string[] | undefined {
  for (const folder of [dirname(file), cwd, packageFolder]) {
    const doors = ['tsx/cjs/api', 'tsx/esm/api'].map((door) => resolvePackage(door, folder));
    if (doors.every((door) => door !== undefined)) return doors.map((door) => pathToFileURL(door).href);
  }
  return undefined;
}

export function howToGetTsx(file: string): string {
  const alternative = file.endsWith('.tsx') ? '' : ', or use Node 22.18 or later, which reads TypeScript by itself';
  return `${file} is TypeScript, which Node ${process.versions.node} cannot read: install tsx in this project (npm install --save-dev tsx)${alternative}`;
}
