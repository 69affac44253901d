/**
 * The files that match a glob pattern, found while they are asked for, in the order of their names.
 *
 * One walk for all alternatives of the pattern. Each folder carries the set of places in the patterns that lead to it, as an automaton
 * does. No file is found twice and no folder is read without need. A folder that is a link is entered by its name or by `*`, never by `**`,
 * so that a link to a folder above does not cause a cycle.
 */

import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { reasonOf } from './file.ts';
import { parseGlob, type Segment } from './pattern.ts';
import type { Input, Item } from './source.ts';

/** A place in one of the patterns: `segments[at]` must match next. */
interface Place {
  readonly segments: readonly Segment[];
  readonly at: number;
}

interface Folder {
  /** With the slash at its end; empty for the current folder. */
  readonly path: string;
  readonly places: readonly Place[];
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isFile: boolean;
  readonly isLink: boolean;
}

/** @throws UsageError at once if a range of a set goes down */
export function globItems(pattern: string, cwd: string = process.cwd()): AsyncGenerator<Item> {
  return walk(groupByRoot(pattern), cwd);
}

async function* walk(byRoot: ReadonlyMap<string, Place[]>, cwd: string): AsyncGenerator<Item> {
  for (const [root, places] of byRoot) {
    // Depth first; the entries of a folder lie on the stack in reverse.
    const stack: (Folder | Item)[] = [{ path: root, places: withoutFolders(places) }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if ('path' in next) for (const each of (await look(next, cwd)).toReversed()) stack.push(each);
      else yield next;
    }
  }
}

function groupByRoot(pattern: string): Map<string, Place[]> {
  const groups = new Map<string, Place[]>();
  for (const { root, segments } of parseGlob(pattern)) {
    const places = groups.get(root) ?? [];
    places.push({ segments, at: 0 });
    groups.set(root, places);
  }
  return groups;
}

/** `**` also stands for no folder at all: the place behind it is there at once. */
function withoutFolders(places: readonly Place[]): Place[] {
  return places.flatMap((place) => (place.segments[place.at]?.kind === 'folders' ? [place, { ...place, at: place.at + 1 }] : [place]));
}

/** Returns the matching content of a folder: files, and folders that may lead to more. */
async function look({ path, places }: Folder, cwd: string): Promise<(Folder | Item)[]> {
  let entries: Entry[];
  try {
    entries = await entriesOf(path, places, cwd);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    return [{ value: path === '' ? '.' : path, broken: `cannot look into it: ${reasonOf(error)}` }];
  }
  const found: (Folder | Item)[] = [];
  for (const entry of entries) {
    const further = places.flatMap((place) => step(place, entry));
    const isMatch =
      further.some(({ segments, at }) => at === segments.length) || places.some((place) => isOpenEnd(place) && !isHidden(entry.name));
    if (entry.isFile && isMatch) found.push({ value: path + entry.name });
    const inner = further.filter(({ segments, at }) => at < segments.length);
    if (entry.isFolder && inner.length > 0) found.push({ path: `${path}${entry.name}/`, places: withoutFolders(unique(inner)) });
  }
  return found;
}

/** The places behind `place` once this entry's name is matched. */
function step({ segments, at }: Place, { name, isFolder, isLink }: Entry): Place[] {
  const segment = segments[at];
  if (segment === undefined) return [];
  if (segment.kind === 'folders') return isFolder && !isLink && !isHidden(name) ? [{ segments, at }] : [];
  const isMatch = segment.kind === 'name' ? segment.name === name : segment.test.test(name);
  return isMatch ? [{ segments, at: at + 1 }] : [];
}

/** A pattern that ends with `**` takes every file from there down. */
function isOpenEnd({ segments, at }: Place): boolean {
  return segments[at]?.kind === 'folders' && at === segments.length - 1;
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function unique(places: readonly Place[]): Place[] {
  return places.filter(({ segments, at }, i) => !places.slice(0, i).some((other) => other.segments === segments && other.at === at));
}

/** Names that the patterns spell out are looked up, without reading the folder. */
async function entriesOf(path: string, places: readonly Place[], cwd: string): Promise<Entry[]> {
  const names = places.map(({ segments, at }) => (segments[at]?.kind === 'name' ? segments[at].name : undefined));
  const base = path.startsWith('/') ? path : `${cwd}/${path}`;
  if (names.every((name) => name !== undefined)) {
    return present([...new Set(names)].sort().map((name) => lookUp(base, name, false)));
  }
  const dots = names.filter((name) => name === '.' || name === '..').map((name) => lookUp(base, name, true));
  const listed = await readdir(base, { withFileTypes: true });
  listed.sort((a, b) => (a.name < b.name ? -1 : 1));
  return present([...dots, ...listed.map((entry) => entryOf(base, entry))]);
}

async function present(entries: readonly Promise<Entry | undefined>[]): Promise<Entry[]> {
  return (await Promise.all(entries)).filter((entry) => entry !== undefined);
}

function entryOf(base: string, entry: Dirent): Promise<Entry | undefined> {
  const [isFile, isFolder] = [entry.isFile(), entry.isDirectory()];
  // Some file systems do not tell what an entry is.
  if (!isFile && !isFolder) return lookUp(base, entry.name, entry.isSymbolicLink());
  return Promise.resolve({ name: entry.name, isFile, isFolder, isLink: false });
}

/** Follows links; what a dead link names is not there. */
async function lookUp(base: string, name: string, isLink: boolean): Promise<Entry | undefined> {
  try {
    const found = await stat(base + name);
    return { name, isFile: found.isFile(), isFolder: found.isDirectory(), isLink };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}

export function globInput(pattern: string): Input {
  const byRoot = groupByRoot(pattern);
  let isOpen = true;
  async function* untilClosed(): AsyncGenerator<Item[]> {
    for await (const item of walk(byRoot, process.cwd())) {
      if (!isOpen) return;
      yield [item];
    }
  }
  return {
    items: untilClosed(),
    ifEmpty: `no file matches ${pattern}`,
    total: async () => {
      let count = 0;
      for await (const _ of untilClosed()) count++;
      return isOpen ? count : null;
    },
    close: () => {
      isOpen = false;
    },
  };
}
