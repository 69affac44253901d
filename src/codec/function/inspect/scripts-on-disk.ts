/**
 * Reads the script of a function from its file, where the file is certainly what V8 compiled. The first `Debugger.enable` of a thread takes
 * 24 to 40 ms, because V8 hashes the source of every script. Its coverage reports the URL and the length of each in 7 to 12 ms.
 *
 *   id ── coverage ──▶ URL, length ── file ──▶ source      trusted if   no loader is registered, and the file has not changed since the start
 *                                                                       the source has the same length, and the function's text at its place
 *
 * Any doubt is a reason to ask the debugger instead (`scripts.ts`). So is an earlier use of the debugger: the second time takes 4 ms.
 */

import { readFileSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { FunctionSyntax } from '../analyse/function-syntax.ts';
import type { FunctionLocation, Inspection } from './inspector.ts';
import { scriptUrl } from '../serialize/main-module.ts';
import { lineStartsOf, startOf } from '../analyse/place.ts';
import { isDebuggerCheap, type Script } from './scripts.ts';

/** The function whose script is wanted. */
export interface Sample {
  readonly text: string;
  readonly syntax: FunctionSyntax;
  readonly location: FunctionLocation;
  readonly isInModule: () => boolean;
}

interface Covered {
  readonly url: string;
  /** In UTF-16 code units. */
  readonly length: number;
}

interface Coverage {
  readonly result: readonly {
    readonly scriptId: string;
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number }[] }[];
  }[];
}

let covered: Map<string, Covered> | undefined;

function askCoverage(inspection: Inspection): Map<string, Covered> {
  const found = new Map<string, Covered>();
  for (const { scriptId, url, functions } of inspection.post<Coverage>('Profiler.getBestEffortCoverage').result) {
    // The whole script is a function that begins at 0.
    const whole = functions.map(({ ranges }) => ranges[0]).find((range) => range?.startOffset === 0);
    if (whole !== undefined) found.set(scriptId, { url, length: whole.endOffset });
  }
  return found;
}

/** Scripts of a plain JavaScript file; what loaders make of others is not in the file. */
const isPlainFile = (url: string): boolean => /^file:\/\/[^?#]+\.[cm]?js$/.test(url);

/** True if `module.register` may have put something between files and V8. */
const hasLoaders = (): boolean =>
  ((process as { moduleLoadList?: string[] }).moduleLoadList ?? ['NativeModule internal/modules/esm/hooks']).includes(
    'NativeModule internal/modules/esm/hooks',
  );

/** The script with this id, or `undefined` if only the debugger can tell. */
export function scriptOnDisk(inspection: Inspection, id: string, { text, syntax, location, isInModule }: Sample): Script | undefined {
  if (hasLoaders()) return undefined;
  if (covered?.has(id) !== true && !isDebuggerCheap) covered = askCoverage(inspection);
  const known = covered?.get(id);
  const url = known === undefined ? '' : scriptUrl(known.url);
  if (known === undefined || !isPlainFile(url)) return undefined;
  const source = unchangedText(fileURLToPath(url));
  if (source?.length !== known.length) return undefined;
  if (!source.startsWith(text, startOf(text, syntax, { lineStarts: lineStartsOf(source), startLine: 0, startColumn: 0 }, location)))
    return undefined;
  // Comments that change what V8 calls the script are its to understand, but for one at the end.
  const names = source.match(/source(?:Mapping)?URL=/g) ?? [];
  const map = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(source);
  if (names.length > (map === null ? 0 : 1)) return undefined;
  return { id, url: known.url, sourceMapURL: map?.[1] ?? '', isModule: isInModule(), source, startLine: 0, startColumn: 0 };
}

/** Milliseconds since 1970, as a test that fakes `performance` cannot change them. */
const started = performance.timeOrigin;

/**
 * The text of a file that has not been written since the program started. The inode's time of change, unlike the content's, cannot be set.
 */
function unchangedText(file: string): string | undefined {
  try {
    if (!(statSync(file).ctimeMs < started)) return undefined;
    const text = readFileSync(file, 'utf8');
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  } catch {
    return undefined;
  }
}
