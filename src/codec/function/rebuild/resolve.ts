/**
 * `import.meta.resolve` for a module that is not loaded here. Relative and absolute specifiers and Node's modules are simple. A package is
 * looked up as by the loader, by its `exports` under the conditions of `import`.
 */

import { isBuiltin } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fs } from '../../../builtins.ts';

const conditions = new Set(['node', 'import', 'module-sync', 'node-addons', 'default']);

export function resolveFrom(url: string, specifier: string): string {
  if (/^(\.{0,2}\/|[a-z]+:)/.test(specifier)) return new URL(specifier, url).href;
  if (isBuiltin(specifier)) return `node:${specifier}`;
  const match = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier);
  if (match !== null && !specifier.startsWith('#')) {
    const [, name, subpath = ''] = match as unknown as [string, string, string | undefined];
    for (let folder = new URL('.', url); ; folder = new URL('..', folder)) {
      const home = new URL(`node_modules/${name}/`, folder);
      const manifest = new URL('package.json', home);
      if (fs().existsSync(manifest))
        return real(inPackage(home, JSON.parse(fs().readFileSync(manifest, 'utf8')) as Manifest, `.${subpath}`, specifier, url));
      // The root is its own parent.
      if (new URL('..', folder).href === folder.href) break;
    }
  }
  throw Object.assign(new Error(`Cannot find package '${specifier}' imported from ${url}`), { code: 'ERR_MODULE_NOT_FOUND' });
}

/** The loader follows links. */
const real = (url: string): string => (fs().existsSync(new URL(url)) ? pathToFileURL(fs().realpathSync(fileURLToPath(url))).href : url);

interface Manifest {
  readonly exports?: unknown;
  readonly main?: string;
}

function inPackage(home: URL, { exports, main }: Manifest, subpath: string, specifier: string, url: string): string {
  if (exports === undefined || exports === null) return new URL(subpath === '.' ? (main ?? 'index.js') : subpath, home).href;
  const map =
    typeof exports === 'object' && Object.keys(exports)[0]?.startsWith('.') === true
      ? (exports as Record<string, unknown>)
      : { '.': exports };
  for (const [pattern, target] of Object.entries(map)) {
    const star = starOf(pattern, subpath);
    const path = star === undefined ? undefined : pick(target);
    if (path !== undefined) return new URL(path.replaceAll('*', star as string), home).href;
  }
  throw Object.assign(new Error(`Package path '${specifier}' is not exported, imported from ${url}`), {
    code: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
  });
}

/** Returns the text of a pattern's `*` in `subpath`; `''` for an exact match, `undefined` without a match. */
function starOf(pattern: string, subpath: string): string | undefined {
  if (pattern === subpath) return '';
  const at = pattern.indexOf('*');
  if (at === -1) return undefined;
  const tail = pattern.slice(at + 1);
  const fits = subpath.startsWith(pattern.slice(0, at)) && subpath.endsWith(tail) && subpath.length >= pattern.length;
  return fits ? subpath.slice(at, subpath.length - tail.length) : undefined;
}

function pick(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(pick).find((one) => one !== undefined);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    if (!conditions.has(condition)) continue;
    const found = pick(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
