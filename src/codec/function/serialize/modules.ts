/**
 * Modules by key, on the side that needs them. A key is a URL, `node:fs`, or a specifier with the module that
 * imports it, for what only the loader can resolve there:
 *
 *   file:///app/lib.js        node:fs        import "zod" from file:///app/main.js        require "./old.cjs" from …
 *
 * Loading is done before decoding, and asynchronous where it can be (require-modules.ts: where it cannot); while decoding, a module is simply there.
 */

import { createRequire } from 'node:module';
import { fs, vm } from '../../../builtins.ts';
import { moduleHere } from '../rebuild/arrival.ts';
import { withoutWarning } from '../inspect/inspector.ts';

export const fromPattern: RegExp = /^(import|require) (".*?") from (.*)$/s;
const loaded = new Map<string, object>();
/** The objects used for modules that were loaded by `require()`, where that gives another object than `import`. */
const standIns = new Map<string, object>();
const keys = new WeakMap<object, string>();
const loading = new Map<string, Promise<object>>();

export const importKey = (specifier: string, from: string): string =>
  specifier.startsWith('node:') || specifier.startsWith('file:') ? specifier : `import ${JSON.stringify(specifier)} from ${from}`;

export const requireKey = (file: string): string => `require ${JSON.stringify(file)} from ${file}`;

/** Runs the loading of these modules in a scope of its own, which lasts until the promise of an asynchronous one is settled. */
export type LoadScope = <R extends Promise<void> | void>(keys: readonly string[], load: () => R) => R;

let scope: LoadScope | undefined;

/** Sets the scope for later loads. */
export function setLoadScope(given: LoadScope): void {
  scope = given;
}

/** Loads what is not loaded yet; `undefined` if there is nothing to wait for. */
export function loadModules(wanted: readonly string[]): Promise<void> | undefined {
  const missing = wanted.map(moduleHere).filter((key) => !loaded.has(key));
  if (missing.length === 0) return undefined;
  const load = (): Promise<void> => Promise.all(missing.map(loadModule)).then(() => undefined);
  return scoped(missing, load);
}

/** Runs the loading of modules in the scope that was given. */
export const scoped: LoadScope = (wanted, load) => (scope === undefined ? load() : scope(wanted, load));

export const isLoaded = (key: string): boolean => loaded.has(key) || standIns.has(key);

export function putLoaded(key: string, namespace: object): void {
  loaded.set(key, namespace);
  keys.set(namespace, key);
  standIns.delete(key);
}

/** Takes an object for the namespace of a module, until that is imported. */
export function putStandIn(key: string, object: object): void {
  standIns.set(key, object);
  keys.set(object, key);
}

function loadModule(key: string): Promise<object> {
  let promise = loading.get(key);
  if (promise === undefined) {
    promise = start(key).then(
      (namespace) => {
        putLoaded(key, namespace);
        loading.delete(key);
        return namespace;
      },
      (error: unknown) => {
        loading.delete(key);
        throw error;
      },
    );
    loading.set(key, promise);
  }
  return promise;
}

async function start(key: string): Promise<object> {
  const match = fromPattern.exec(key);
  if (match === null) return (await import(key)) as object;
  const [, how, specifier, from] = match as unknown as [string, string, string, string];
  const name = JSON.parse(specifier) as string;
  return how === 'require' ? { exports: createRequire(from)(name) as unknown } : importFrom(from, name);
}

/** A module that was loaded: its namespace, or `{ exports }` for a `require` key. */
export function moduleLoaded(named: string): object {
  const key = moduleHere(named);
  const found = loaded.get(key) ?? standIns.get(key);
  if (found === undefined) throw new Error(`module ${key} is not loaded`);
  return found;
}

/** The key under which a module's namespace was loaded here. */
export const keyOfNamespace = (namespace: object): string | undefined => keys.get(namespace);

type Importer = (specifier: string, options?: ImportCallOptions) => Promise<object>;
const importers = new Map<string, Importer>();

/** `import(specifier)` as code in the module `from` would mean it. */
export function importFrom(from: string, given: string, options?: ImportCallOptions): Promise<object> {
  const specifier = rooted(from, given);
  let importer = importers.get(from);
  if (importer === undefined) {
    const { Script, constants } = vm();
    const script = new Script('(specifier, options) => import(specifier, options)', {
      filename: from,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    importer = script.runInThisContext() as Importer;
    importers.set(from, importer);
    // Node warns once that this loader setting is experimental: that is our affair, not the user's.
    return withoutWarning('ExperimentalWarning', () => (importer as Importer)(specifier, options));
  }
  return importer(specifier, options);
}

/** vite writes `/lib/x.js` for a file below the project's folder: the folder is one of those above the module. */
export function rooted(from: string, specifier: string): string {
  if (!specifier.startsWith('/') || !from.startsWith('file:') || fs().existsSync(specifier)) return specifier;
  for (let folder = new URL('.', from); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const candidate = new URL(`.${specifier}`, folder);
    if (fs().existsSync(candidate)) return candidate.href;
  }
  return specifier;
}
