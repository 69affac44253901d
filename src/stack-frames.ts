/** Lines of stack traces: which of them show calls inside heddle and Node, and a stack without them. */

import { ownFolders } from './places.ts';

/** True for a line that shows a call inside heddle. */
export function isOwnFrame(line: string): boolean {
  return ownFolders.some((folder) => line.includes(folder));
}

/** True for a line that shows a call inside Node. */
export function isNodeFrame(line: string): boolean {
  return /(?:\(|at |async )node:/.test(line);
}

/** `at Array.map (<anonymous>)` */
const isNative = (line: string): boolean => line.startsWith('    at ') && line.endsWith('(<anonymous>)');

/**
 * The lines of a stack without heddle's frames, the native functions that heddle called, and Node's frames below the lowest of them: there is
 * only what delivered the task. A stack may consist of several, one below another.
 */
export function withoutOwnFrames(lines: readonly string[]): string[] {
  if (!lines.some(isOwnFrame)) return [...lines];
  const kept: string[] = [];
  /** The number of lines in `kept` above the own frame that was met last. */
  let aboveOwn: number | undefined;
  const endOfStack = (): void => {
    if (aboveOwn !== undefined && kept.slice(aboveOwn).every(isNodeFrame)) kept.length = aboveOwn;
    aboveOwn = undefined;
  };
  for (const line of lines) {
    if (!line.startsWith('    at ')) endOfStack();
    else if (isOwnFrame(line)) {
      while (kept.length > (aboveOwn ?? 0) && isNative(kept.at(-1)!)) kept.pop();
      aboveOwn = kept.length;
      continue;
    }
    kept.push(line);
  }
  endOfStack();
  return kept;
}

/** Leaves heddle's frames out of an error's stack. An error that cannot be changed keeps it. */
export function hideOwnFrames(error: unknown): void {
  try {
    const { stack } = error as { stack?: unknown };
    if (typeof stack !== 'string') return;
    const lines = stack.split('\n');
    const shown = withoutOwnFrames(lines);
    if (shown.length < lines.length) Object.defineProperty(error, 'stack', { value: shown.join('\n') });
  } catch {
    // frozen, or no object at all
  }
}
