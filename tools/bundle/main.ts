/**
 * Makes what is published, `dist/`, from `src/` after `tsc`.
 *
 *     src/*.ts ── rolldown ──> dist/<entry>.js, dist/<chunk>.js and their source maps      one graph for all entries
 *     build/src/*.d.ts ─────> dist/*.d.ts                                                 the declarations that the entries reach
 *
 * One graph, because heddle's state must exist once in a thread, whichever entry point a module of the program imports.
 * Files are written when they changed only, each by a rename, and entries last: a part of CI that runs from `dist/` meanwhile notices nothing
 * as long as nothing changed.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from '../places.ts';
import { chunks } from './chunks.ts';
import { declarationsOf } from './declarations.ts';
import { entries, publicEntries } from './entries.ts';
import { byLine } from './mappings.ts';

const DIST = join(ROOT, 'dist');

/** The JavaScript files and their maps, by their paths in `dist/`. */
async function bundle(): Promise<Map<string, string>> {
  const graph = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
    platform: 'node',
    plugins: [chunks.plugin],
    transform: { target: 'node20' },
    // `#atomics` is resolved when the program runs: `--conditions=model` replaces it.
    external: [/^node:/, '#atomics', 'acorn', 'bullmq', 'ioredis', 'koffi'],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  const { output } = await graph.write({
    dir: join(ROOT, 'build/bundle'),
    cleanDir: true,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    comments: false,
    codeSplitting: { groups: chunks.groups },
    // Paths in the maps are relative to the file: a map in `dist/worker/` names `../../src/worker/…`.
    sourcemapPathTransform: (source, map) => relative(dirname(map.replace('build/bundle', 'dist')), join(dirname(map), source)),
  });
  await graph.close();
  const files = new Map<string, string>();
  for (const file of output)
    files.set(file.fileName, file.type === 'chunk' ? inAscii(file.code) : inShort(Buffer.from(file.source).toString()));
  return files;
}

/**
 * A map that tells lines and no columns, whose sources lack the lines that are comments: those would be a third of the package. The lines of code keep their
 * numbers.
 */
function inShort(map: string): string {
  const parsed = JSON.parse(map) as { mappings: string; sourcesContent?: (string | null)[] };
  const bare = (source: string | null): string | null => source?.replaceAll(/^[ \t]*(?:\/\*\*?.*|\*(?:[ /].*)?|\/\/.*)$/gm, '') ?? null;
  return JSON.stringify({ ...parsed, names: [], mappings: byLine(parsed.mappings), sourcesContent: parsed.sourcesContent?.map(bare) });
}

/**
 * Escapes what is not ASCII: one character beyond Latin-1 makes V8 keep the whole file in two bytes a character. In strings, templates and patterns,
 * where the characters of a bundle without comments stand, an escape is the same.
 */
function inAscii(code: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  return code.replaceAll(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function write(files: ReadonlyMap<string, string>): void {
  const isEntry = ([name]: readonly [string, string]): number => Number(entries.includes(name.replace(/\.js$/, '')));
  for (const [name, text] of [...files].toSorted((a, b) => isEntry(a) - isEntry(b))) {
    const place = join(DIST, name);
    if (existsSync(place) && readFileSync(place, 'utf8') === text) continue;
    mkdirSync(dirname(place), { recursive: true });
    const next = `${place}.${process.pid}.new`;
    writeFileSync(next, text);
    renameSync(next, place);
  }
}

/** Takes away what an earlier bundle had and this one has not. */
function clean(files: ReadonlyMap<string, string>): void {
  for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
    const place = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !files.has(relative(DIST, place))) rmSync(place);
  }
}

/** The modules of `build/src` are a package of their own: their `#atomics` are those beside them. */
function makeUnbundledPackage(): void {
  const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { imports: Record<string, Record<string, string>> };
  const atomics = Object.fromEntries(Object.entries(imports['#atomics']!).map(([name, file]) => [name, file.replace('./dist/', './')]));
  writeFileSync(join(ROOT, 'build/src/package.json'), JSON.stringify({ type: 'module', imports: { '#atomics': atomics } }));
}

makeUnbundledPackage();
const files = new Map([...(await bundle()), ...declarationsOf([...publicEntries, 'memory/atomics', 'memory/atomics-model'])]);
write(files);
clean(files);
