/**
 * Which code both sides have. A release is named by its user, or by a hash of the files of the program: callers and workers with different ones never have
 * a task in common. Modules are known by their place in it:
 *
 *   caller   file:///srv/app/lib.js      worker   file:///home/me/app/lib.js
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import type { Arrival } from '../../codec/index.ts';
import { SerializationError } from '../../errors.ts';
import { packageFolder, placeOf } from '../../places.ts';
import { RangeError } from '../../refusals.ts';
import type { Home } from './messages.ts';

export interface Release {
  readonly name: string;
  readonly home: Home;
}

const codeEndings = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.jsx', '.tsx', '.json', '.node', '.wasm']);
const skipped = new Set(['node_modules', 'coverage']);
/** Of a program with more files the hash takes too long: it must have a name. */
const mostFiles = 20_000;

const folderUrl = (folder: string): string => `${pathToFileURL(folder).href.replace(/\/$/, '')}/`;

/** The folder of the nearest package.json, from the main module, or from the working folder, up. */
function releaseFolder(from: string | undefined = process.argv[1]): string {
  // The program may be heddle itself.
  const isOwn = from === undefined || !existsSync(from) || realpathSync(from).startsWith(packageFolder);
  const start = isOwn ? process.cwd() : dirname(resolve(from));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) return start;
  }
}

const releases = new Map<string, Release>();

/**
 * The release of this program.
 *
 * @param name undefined: a hash of the files of code and data below its folder, without those of packages
 * @throws RangeError for a program of more than 20,000 files without a name
 */
export function readRelease(name: string | undefined, folder: string = releaseFolder()): Release {
  const key = `${name ?? ''}\n${folder}`;
  let release = releases.get(key);
  if (release === undefined) {
    release = { name: name ?? hashOf(folder), home: { release: folderUrl(folder), heddle: folderUrl(packageFolder) } };
    releases.set(key, release);
  }
  return release;
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  let count = 0;
  const add = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(at, entry.name);
      if (entry.name.startsWith('.') || skipped.has(entry.name)) continue;
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
      // A link to a folder may lead in a circle.
      if (isFolder && entry.isSymbolicLink()) continue;
      if (isFolder) add(path);
      else if (codeEndings.has(extname(entry.name))) {
        count += 1;
        if (count > mostFiles)
          throw new RangeError(`${folder} has more than ${mostFiles} files of code: give the release a name, { release: '…' }`);
        hash
          .update(relative(folder, path).split(sep).join('/'))
          .update('\0')
          .update(createHash('sha256').update(readFileSync(path)).digest());
      }
    }
  };
  add(folder);
  return hash.digest('hex').slice(0, 16);
}

/** The folders of this program, for messages that name no release. */
export function homeOfProgram(): Home {
  ownHome ??= { release: folderUrl(releaseFolder()), heddle: folderUrl(packageFolder) };
  return ownHome;
}
let ownHome: Home | undefined;

/** Where the modules of a message from `home` are here, and what it may do. */
export function arrivalFrom(home: Home, own: Home, { isTrusted, takesSource }: Pick<Arrival, 'isTrusted' | 'takesSource'>): Arrival {
  const moves = [
    [home.heddle, own.heddle],
    [home.release, own.release],
  ] as const;
  const paths = moves.map(([there, here]) => [pathOf(there), pathOf(here)] as const);
  const move = (text: string): string => {
    for (const [i, [there, here]] of moves.entries()) {
      if (text.startsWith(there)) return here + text.slice(there.length);
      const [from, to] = paths[i]!;
      if (from !== undefined && to !== undefined && text.startsWith(from)) return to + text.slice(from.length);
    }
    return text;
  };
  const moved = new Map<string, string>();
  const moduleHere = (key: string): string => {
    const known = moved.get(key);
    if (known !== undefined) return known;
    const here = keyHere(key, move);
    if (!isTrusted) refuseOutside(here, own);
    moved.set(key, here);
    return here;
  };
  return { moduleHere, isTrusted, takesSource };
}

/** Modules of heddle that such a message may name: they give no more than the release does. */
const ofHeddle = new Set(['cli/map/apply.js', 'distributed/index.js'].map((file) => placeOf(file).href));

/** @throws SerializationError for a module that is neither one of the program's own nor heddle's */
function refuseOutside(key: string, own: Home): void {
  const match = keyPattern.exec(key);
  const specifier = match === null ? key : (JSON.parse(match[2] as string) as string);
  const url = match?.[1] === 'require' && specifier.startsWith('/') ? pathToFileURL(specifier).href : match === null ? specifier : '';
  const href = URL.canParse(url) ? new URL(url).href : '';
  if (ofHeddle.has(href)) return;
  if (href.startsWith(own.release) && !href.slice(own.release.length - 1).includes('/node_modules/')) return;
  throw new SerializationError(
    `module ${key} is refused: without an authkey on both sides a message may name the modules of the release alone, and none of packages`,
  );
}

/** `import "zod" from file:///app/main.js`, `require "/app/x.cjs" from /app/x.cjs`, or a URL. */
const keyPattern = /^(import|require) (".*?") from (.*)$/s;

function keyHere(key: string, move: (text: string) => string): string {
  const match = keyPattern.exec(key);
  if (match === null) return move(key);
  const [, how, specifier, from] = match as unknown as [string, string, string, string];
  return `${how} ${JSON.stringify(move(JSON.parse(specifier) as string))} from ${move(from)}`;
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
