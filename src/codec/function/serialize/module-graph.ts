/**
 * Finds whether importing a module again elsewhere would run the main module again, because its own imports lead there.
 *
 * Reads the program's own files (packages in node_modules do not import the program) and looks for import specifiers by pattern. A match in
 * a comment costs at most a needless copy by value.
 */

import { fileURLToPath } from 'node:url';
import { fs } from '../../../builtins.ts';
import { isMainModule, mainModules } from './main-module.ts';

const specifiers = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{0,2}\/[^'"\n]+|file:[^'"\n]+)\1/g;
const verdicts = new Map<string, boolean>();

export function leadsToMain(url: string): boolean {
  const before = verdicts.get(url);
  if (before !== undefined) return before;
  const seen = new Set<string>();
  const result = search(url, seen);
  // A module on no way to main shares that verdict with everything it imports.
  if (result) verdicts.set(url, true);
  else for (const one of seen) verdicts.set(one, false);
  return result;
}

/** The same of an import specifier, whatever ending a loader may add to it. */
export function importLeadsToMain(specifier: string, from: string): boolean {
  if (!/^(\.{0,2}\/|file:)/.test(specifier)) return false;
  return candidates(new URL(specifier, from).href).some(leadsToMain);
}

function search(url: string, seen: Set<string>): boolean {
  if (isMainModule(url)) return true;
  if (seen.has(url) || !url.startsWith('file:') || url.includes('/node_modules/')) return false;
  seen.add(url);
  for (const next of importsOf(url)) if (search(next, seen)) return true;
  return false;
}

/** The program's own modules that are loaded for certain: what the main module imports by declaration, and what these import. */
export function importedByMain(): string[] {
  const seen = new Set<string>(mainModules());
  for (const url of seen) for (const next of importsOf(url)) if (fs().existsSync(new URL(next))) seen.add(next);
  return [...seen].filter((url) => !isMainModule(url));
}

function importsOf(url: string): string[] {
  let text: string;
  try {
    text = fs().readFileSync(fileURLToPath(url.replace(/[?#].*$/s, '')), 'utf8');
  } catch {
    return [];
  }
  const found: string[] = [];
  for (const [, , specifier] of text.matchAll(specifiers)) found.push(...candidates(new URL(specifier as string, url).href));
  return found;
}

/** The files that a specifier may stand for: CommonJS and TypeScript loaders add endings, or swap `.js` for `.ts`. */
function candidates(url: string): string[] {
  if (/\.[cm]?ts$/.test(url)) return [url];
  if (/\.[cm]?js$/.test(url)) return [url, url.replace(/js$/, 'ts')];
  return [`${url}.js`, `${url}.ts`, `${url}.cjs`, `${url}.mjs`, `${url}/index.js`, `${url}/index.ts`, url];
}
