/**
 * Loads modules in the middle of a synchronous call, by `require()`, which loads ES modules, too: from Node 20.19 and 22.12 on, and only
 * those without a top-level `await`.
 *
 *   what require() gives                         what `import` would give
 *   namespace of an ES module                    the same
 *   the same with `__esModule`, if it exports    namespace without it
 *     a default: another object
 *   `module.exports` of a CommonJS module,       namespace with these exports and `default`
 *     exports of a module of Node
 *
 * Differing modules are kept apart from imported ones: a later asynchronous load imports the namespace itself.
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { fs } from '../../../builtins.ts';
import { SerializationError } from '../../../errors.ts';
import { fromPattern, isLoaded, putLoaded, putStandIn, rooted, scoped } from '../serialize/modules.ts';
import { resolveFrom } from './resolve.ts';
import { withoutWarning } from '../inspect/inspector.ts';

/** Node's error codes for a module that `import()` may be able to load, but `require()` is not. */
const reasons: Readonly<Record<string, string | undefined>> = {
  ERR_REQUIRE_ASYNC_MODULE: 'it, or a module that it imports, has a top-level await',
  ERR_REQUIRE_ESM: 'require() loads no ES modules here',
  ERR_REQUIRE_CYCLE_MODULE: 'it is being loaded at this moment',
  ERR_REQUIRE_ESM_RACE_CONDITION: 'it is being loaded at this moment',
  ERR_UNKNOWN_FILE_EXTENSION: 'require() does not know its kind of file',
  ERR_MODULE_NOT_FOUND: 'require() does not find it',
  MODULE_NOT_FOUND: 'require() does not find it',
};

/**
 * Loads what is not loaded yet.
 *
 * @throws SerializationError if one of the modules can be loaded by `import()` alone; whatever a module threw
 */
export function requireModules(wanted: readonly string[]): void {
  const missing = wanted.filter((key) => !isLoaded(key));
  if (missing.length > 0) scoped(missing, () => missing.forEach(load));
}

function load(key: string): void {
  const match = fromPattern.exec(key);
  if (match?.[1] === 'require') {
    putLoaded(key, { exports: required(key, match[3] as string, JSON.parse(match[2] as string) as string) });
    return;
  }
  const url = match === null ? key : resolved(key, match[3] as string, JSON.parse(match[2] as string) as string);
  if (url.startsWith('node:')) {
    putStandIn(key, namespaceOf(required(key, import.meta.url, url)));
    return;
  }
  if (!url.startsWith('file:') || /[?#]/.test(url)) throw cannot(key, 'require() loads files by their path alone');
  const file = fileURLToPath(url);
  const found = required(key, url, file);
  if (types.isModuleNamespaceObject(found)) {
    if ('__esModule' in (found as object)) putStandIn(key, found as object);
    else putLoaded(key, found as object);
    return;
  }
  // A loader that has replaced require() makes a second module of an ES module.
  if (match === null ? !file.endsWith('.cjs') : isEsModule(file)) throw cannot(key, 'require() gives something else');
  putStandIn(key, namespaceOf(found));
}

function resolved(key: string, from: string, specifier: string): string {
  const path = rooted(from, specifier);
  try {
    return resolveFrom(from, path);
  } catch (error) {
    throw cannot(key, 'it is not found without the loader', error);
  }
}

function required(key: string, from: string, name: string): unknown {
  try {
    // Node 20 and 22 warn of a `require()` that loads an ES module.
    return withoutWarning('ExperimentalWarning', () => createRequire(from)(name) as unknown);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'require() cannot read it' : reasons[String((error as { code?: unknown } | null)?.code)];
    throw reason === undefined ? error : cannot(key, reason, error);
  }
}

function cannot(key: string, why: string, cause?: unknown): SerializationError {
  const remedy = 'use the form that is awaited, or load the module beforehand';
  return new SerializationError(`module ${key} cannot be loaded by a synchronous call: ${why}: ${remedy}`, { cause });
}

/** By what its name and the package around it say. */
function isEsModule(file: string): boolean {
  if (/\.[cm][jt]s$/.test(file)) return file.at(-3) === 'm';
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (fs().existsSync(manifest)) return (JSON.parse(fs().readFileSync(manifest, 'utf8')) as { type?: unknown }).type === 'module';
    if (dirname(folder) === folder) return false;
  }
}

/** The namespace that `import` makes of the exports of a module that is not an ES module. A getter among them is read when its name is. */
function namespaceOf(exports: unknown): object {
  const namespace = Object.create(null) as object;
  if ((typeof exports === 'object' && exports !== null) || typeof exports === 'function') {
    for (const key of Object.keys(exports))
      Object.defineProperty(namespace, key, { get: () => (exports as Record<string, unknown>)[key], enumerable: true, configurable: true });
  }
  for (const key of ['default', 'module.exports']) Object.defineProperty(namespace, key, { value: exports, enumerable: true });
  return Object.freeze(namespace);
}
