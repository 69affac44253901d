/**
 * Stack traces through rebuilt code. Code without a source map is compiled under its own name, lines and columns.
 * Code with one gets a marked name (`main.js#heddle-3`); whoever receives an error puts its frames back to the original
 * source. The map is read only then.
 */

import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import { scriptUrl } from './main-module.ts';
import type { ScriptSyntax } from './script-syntax.ts';

interface Marked {
  readonly url: string;
  readonly sourceMapURL: string;
  map?: SourceMap | null;
}

const marked = new Map<string, Marked>();
const markOf = new Map<string, string>();
const frame = /([^\s()]+#heddle-[\w-]+):(\d+):(\d+)/g;

/** The name a script's functions are compiled under elsewhere. */
export function stackFile({ url, id, sourceMapURL }: ScriptSyntax): string {
  if (sourceMapURL === '' || url.includes('#heddle-')) return url;
  let mark = markOf.get(id);
  if (mark === undefined) {
    mark = `${url}#heddle-${process.pid}-${threadId}-${marked.size + 1}`;
    markOf.set(id, mark);
    marked.set(mark, { url: scriptUrl(url), sourceMapURL });
  }
  return mark;
}

/** Puts the frames of marked code back to the source they were made from. */
export function originalStack(stack: string): string {
  if (!stack.includes('#heddle-')) return stack;
  return stack.replace(frame, (whole, file: string, line: string, column: string) => {
    const script = marked.get(file);
    if (script === undefined) return whole;
    return originalPlace(script, Number(line) - 1, Number(column) - 1) ?? `${file.replace(/#heddle-.*$/, '')}:${line}:${column}`;
  });
}

function originalPlace(script: Marked, line: number, column: number): string | undefined {
  if (script.map === undefined) script.map = readMap(script);
  const entry = script.map?.findEntry(line, column);
  if (entry === undefined || !('originalSource' in entry)) return undefined;
  const { originalSource, originalLine, originalColumn } = entry;
  const base = script.sourceMapURL.startsWith('data:') ? script.url : new URL(script.sourceMapURL, script.url).href;
  const source = originalSource.startsWith('/') ? originalSource : new URL(originalSource, base).href;
  return `${source.startsWith('file:') ? fileURLToPath(source) : source}:${originalLine + 1}:${originalColumn + 1}`;
}

function readMap({ url, sourceMapURL }: Marked): SourceMap | null {
  try {
    const data = /^data:[^,]*?(;base64)?,(.*)$/s.exec(sourceMapURL);
    const text =
      data === null
        ? readFileSync(fileURLToPath(new URL(sourceMapURL, url)), 'utf8')
        : data[1] === undefined
          ? decodeURIComponent(data[2] as string)
          : Buffer.from(data[2] as string, 'base64').toString();
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return null;
  }
}
