/**
 * Positions in built files, as stacks print them, replaced by those in the sources. Only what a failed test printed is
 * mapped: `--enable-source-maps` would read the maps at each start of each worker and process of each test.
 */

import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ROOT } from './places.ts';

/** `file:///…/build/test/pool/map.test.js:12:34`, or the same as a path. */
const POSITION = /(?:file:\/\/)?(\/[^\s():]+\.[cm]?js):(\d+):(\d+)/g;

/** `text` with each position in a built file of this checkout that has a source map replaced by `test/pool/map/map.test.ts:10:3`. */
export function withSourcePositions(text: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return text.replaceAll(POSITION, (position, file: string, line: string, column: string) => {
    if (!maps.has(file)) maps.set(file, mapOf(file));
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) return position;
    const source = fileURLToPath(new URL(entry.originalSource, `file://${file}`));
    const name = source.startsWith(ROOT) ? source.slice(ROOT.length) : source;
    return `${name}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  if (!file.startsWith(ROOT) || !existsSync(`${file}.map`)) return undefined;
  return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
}
