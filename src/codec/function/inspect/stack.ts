/**
 * Stack traces through rebuilt code. Code without a source map is compiled under its own name, lines and columns. Code with one gets a
 * marked name (`main.js#heddle-3`); the receiver of an error maps its frames back to the original source. The map is read only then.
 */

import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import { fs } from '../../../builtins.ts';
import { Lru } from './lru.ts';
import { scriptUrl } from '../serialize/main-module.ts';

interface Marked {
  readonly url: string;
  readonly sourceMapURL: string;
  map?: SourceMap | null;
}

const marked = new Map<string, Marked>();
const markOf = new Map<string, string>();
const frame = /((?:file:\/\/|\/)[^\s()]+):(\d+):(\d+)/g;

/** The part of a script that decides under which name its functions are compiled. */
interface MappedScript {
  readonly id: string;
  readonly url: string;
  readonly sourceMapURL: string;
}

/** The name a script's functions are compiled under elsewhere. */
export function stackFile({ url, id, sourceMapURL }: MappedScript): string {
  if (sourceMapURL === '' || url.includes('#heddle-')) return url;
  let mark = markOf.get(id);
  if (mark === undefined) {
    mark = `${url}#heddle-${process.pid}-${threadId}-${marked.size + 1}`;
    markOf.set(id, mark);
    marked.set(mark, { url: scriptUrl(url), sourceMapURL });
  }
  return mark;
}

/** Puts the frames of compiled code back to the source it was made from: of rebuilt functions, and of files that name a source map. */
export function originalStack(stack: string): string {
  return stack.replace(frame, (whole, file: string, line: string, column: string) => {
    const script = marked.get(file) ?? compiledFile(file);
    if (script === undefined) return whole;
    return originalPlace(script, Number(line) - 1, Number(column) - 1) ?? `${file.replace(/#heddle-.*$/, '')}:${line}:${column}`;
  });
}

const compiled = new Lru<string, Marked | 'plain'>(200);

/** A JavaScript file with a source map. Where Node maps stack traces itself, frames name no such file. */
function compiledFile(file: string): Marked | undefined {
  if (!/\.[cm]?js$/.test(file) || file.includes('/node_modules/')) return undefined;
  let known = compiled.get(file);
  if (known === undefined) {
    const url = scriptUrl(file);
    const sourceMapURL = url === '' ? undefined : sourceMapOf(url);
    known = compiled.set(file, sourceMapURL === undefined ? 'plain' : { url, sourceMapURL });
  }
  return known === 'plain' ? undefined : known;
}

function sourceMapOf(url: string): string | undefined {
  try {
    return /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(fs().readFileSync(fileURLToPath(url), 'utf8'))?.[1];
  } catch {
    return undefined;
  }
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
        ? fs().readFileSync(fileURLToPath(new URL(sourceMapURL, url)), 'utf8')
        : data[1] === undefined
          ? decodeURIComponent(data[2] as string)
          : Buffer.from(data[2] as string, 'base64').toString();
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return null;
  }
}
