/** Which scripts belong to the main module: its functions go by value, because it is never run again elsewhere. */

import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fs } from '../../../builtins.ts';
import { Lru } from '../inspect/lru.ts';

const urlOf = new Lru<string, string>(200);

let urls: Set<string> | undefined;

function entryFile(): string | undefined {
  const given = process.argv[1];
  if (given === undefined) return undefined;
  // `node dir`, `node file-without-ending`: as the loader resolves it.
  try {
    return createRequire(pathToFileURL(`${process.cwd()}/`)).resolve(given);
  } catch {
    return given;
  }
}

function mainUrls(): Set<string> {
  if (urls === undefined) {
    urls = new Set();
    const file = entryFile();
    for (const one of [file, process.mainModule?.filename]) {
      if (one === undefined) continue;
      urls.add(pathToFileURL(one).href);
      try {
        urls.add(pathToFileURL(fs().realpathSync(one)).href);
      } catch {
        // An entry that is not a file (`node -e`) has only its given name.
      }
    }
  }
  return urls;
}

/** The URLs of the main module's file. */
export const mainModules = (): readonly string[] => [...mainUrls()];

/** A script's name as V8 has it (a path for CommonJS, a URL for ES modules) as a URL; `''` for code without a file. */
export const scriptUrl = (name: string): string => urlOf.get(name) ?? urlOf.set(name, toUrl(name));

function toUrl(name: string): string {
  const file = name.replace(/#heddle-[\w-]+$/, '');
  if (file.startsWith('file:')) return file;
  return file.startsWith('/') || /^[A-Za-z]:[\\/]/.test(file) ? pathToFileURL(file).href : '';
}

const verdicts = new Lru<string, boolean>(200);

export const isMainModule = (url: string): boolean => verdicts.get(url) ?? verdicts.set(url, judge(url));

function judge(url: string): boolean {
  const bare = url.replace(/[?#].*$/s, '');
  // `node -e` and standard input have a name, but no file to import.
  if (mainUrls().has(bare) || /\/(\[|%5B)(eval|stdin)[^/]*$/.test(bare)) return true;
  if (!bare.startsWith('file:')) return false;
  return mainUrls().has(pathToFileURL(fileURLToPath(bare)).href);
}
