/** From `<module>[#export]` as the user wrote it to something a worker can import. */

import { existsSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolveFrom } from '../../codec/index.ts';
import { UsageError } from '../usage-error.ts';

export interface ModuleRef {
  readonly url: string;
  /** Where it lies; null for what is built into Node. */
  readonly file: string | null;
  readonly exportPath: string;
}

/** @throws UsageError if the module does not exist */
export function resolveModule(word: string, cwd: string): ModuleRef {
  const hash = isFile(resolve(cwd, word)) ? -1 : word.lastIndexOf('#');
  const specifier = hash < 0 ? word : word.slice(0, hash);
  const exportPath = hash < 0 ? 'default' : word.slice(hash + 1);
  if (specifier === '' || exportPath === '') throw new UsageError(`expected <module> or <module>#<export>, got "${word}"`);
  if (isBuiltin(specifier)) return { url: specifier.startsWith('node:') ? specifier : `node:${specifier}`, file: null, exportPath };
  const file = fileOf(specifier, cwd);
  return { url: pathToFileURL(file).href, file, exportPath };
}

function fileOf(specifier: string, cwd: string): string {
  if (specifier.startsWith('file:')) return existing(fileURLToPath(specifier), specifier);
  const path = resolve(cwd, specifier);
  if (isFile(path)) return realpathSync(path);
  if (/^\.{0,2}\//.test(specifier)) return existing(path, specifier);
  const found = resolvePackage(specifier, cwd);
  if (found !== undefined) return found;
  throw new UsageError(`there is no module ${specifier}: neither a file in ${cwd} nor an installed package`);
}

function existing(path: string, specifier: string): string {
  if (isFile(path)) return realpathSync(path);
  const near = ['.js', '.mjs', '.ts', '.mts', '.cjs'].find((ending) => isFile(path + ending));
  const what = existsSync(path) ? 'is a folder, not a module' : 'does not exist';
  throw new UsageError(`${specifier} ${what}${near === undefined ? '' : `; did you mean ${specifier}${near}?`}`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Where `import specifier` would lead from a module in `folder`; undefined if it is not installed. */
export function resolvePackage(specifier: string, folder: string): string | undefined {
  const here = join(folder, 'heddle-resolves-here.js');
  try {
    const file = fileURLToPath(resolveFrom(pathToFileURL(here).href, specifier));
    if (isFile(file)) return realpathSync(file);
  } catch {
    // what only require() can find
  }
  try {
    return realpathSync(createRequire(here).resolve(specifier));
  } catch {
    return undefined;
  }
}
