/**
 * References: a function or class that is directly an export of an imported module travels as { module, export name }, and so do whole
 * modules. A closure that a module made by a call and exported travels by value: its captures may differ from those of a fresh import.
 */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { placeOf as ownPlace } from '../../../places.ts';
import type { AnyFunction } from '../../courier.ts';
import { isMainModule, scriptUrl } from '../serialize/main-module.ts';
import { importedByMain, importLeadsToMain, leadsToMain } from '../serialize/module-graph.ts';
import { importKey, requireKey } from '../serialize/modules.ts';
import { withoutWarning } from '../inspect/inspector.ts';
import type { Place } from './place.ts';
import type { ScriptSyntax } from './script-syntax.ts';

/** Something to be found in a module: `name` is the export, `*` the namespace, `module.exports` that object. */
export interface Reference {
  readonly module: string;
  readonly name: string;
}

/** Classes of heddle that say for themselves where they are exported: no script is read for them. */
const ownReferences = new WeakMap<AnyFunction, Reference>();

/**
 * Has a class of heddle travel as an export of one of its entry files.
 *
 * @param file by its path below `src/` and with the ending `.js`
 */
export function travelByName(Class: { readonly name: string }, file: string): void {
  ownReferences.set(Class as AnyFunction, { module: ownPlace(file).href, name: Class.name });
}

export function ownReference(fn: AnyFunction): Reference | undefined {
  return ownReferences.get(fn);
}

export interface CommonJsModule {
  readonly exports: unknown;
  readonly loaded: boolean | undefined;
}

export const commonJsCache: Record<string, CommonJsModule | undefined> = (
  createRequire(import.meta.url)('node:module') as { _cache: Record<string, CommonJsModule | undefined> }
)._cache;

/** The reference of a function that stands at `place` in `script`, if it may travel by one. */
export function referenceOfFunction(
  fn: AnyFunction,
  text: string,
  place: Place,
  script: ScriptSyntax,
  loadedByNode: () => boolean,
): Reference | undefined {
  const url = scriptUrl(script.url);
  if (url === '' || isMainModule(url)) return undefined;
  const stands = (span: { start: number; end: number }): boolean => span.start === place.start && span.end === place.start + text.length;
  if (script.isModule) {
    const found = script.directExports.find(stands);
    return found === undefined || !loadedByNode() || leadsToMain(url) ? undefined : { module: url, name: found.name };
  }
  const file = fileURLToPath(url.replace(/[?#].*$/s, ''));
  // A package's exports are its own affair; of the program's modules only what the source shows.
  if (!script.topLevel.some(stands) && !file.includes('/node_modules/')) return undefined;
  const name = exportedAs(fn, file);
  return name === undefined || leadsToMain(url) ? undefined : { module: requireKey(file), name };
}

function exportedAs(fn: AnyFunction, file: string): string | undefined {
  const exports = commonJsCache[file]?.exports;
  if (exports === fn) return 'module.exports';
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null || types.isProxy(exports)) return undefined;
  return Object.keys(exports).find((key) => (exports as Record<string, unknown>)[key] === fn);
}

/** The reference of an imported binding: it is imported again on the other side. */
export function referenceOfImport(script: ScriptSyntax, local: string): Reference | undefined {
  const binding = script.imports.get(local);
  const from = scriptUrl(script.url);
  if (binding === undefined || from === '') return undefined;
  const { specifier, imported } = binding;
  if (importLeadsToMain(specifier, from)) return undefined;
  return { module: importKey(specifier, from), name: imported };
}

/** The reference of an object that is the whole `exports` of a loaded CommonJS module. */
export function referenceOfObject(value: object): Reference | undefined {
  for (const file in commonJsCache) {
    if (commonJsCache[file]?.exports !== value) continue;
    const url = scriptUrl(file);
    return url === '' || isMainModule(url) || leadsToMain(url) ? undefined : { module: requireKey(file), name: 'module.exports' };
  }
  return undefined;
}

/**
 * Without the inspector nothing tells where a function is from. But the modules that the program has loaded can be asked
 * whether one of them exports it.
 */
export function referenceWithoutInspector(fn: AnyFunction): Reference | undefined {
  for (const file in commonJsCache) {
    const url = scriptUrl(file);
    if (url === '' || isMainModule(url)) continue;
    const name = exportedAs(fn, file);
    if (name !== undefined) return { module: requireKey(file), name };
  }
  for (const url of importedByMain()) {
    const namespace = requireLoaded(url);
    const name = namespace === undefined ? undefined : Object.keys(namespace).find((key) => namespace[key] === fn);
    if (name !== undefined && !leadsToMain(url)) return { module: url, name };
  }
  return undefined;
}

/** The namespace of an ES module that is loaded already: `require` gives the one that is there. */
function requireLoaded(url: string): Record<string, unknown> | undefined {
  try {
    return withoutWarning('ExperimentalWarning', () => createRequire(url)(fileURLToPath(url)) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}
