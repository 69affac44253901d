/** Counts how often functions of one place are read through the inspector: a fresh closure for each call costs each time. */

import { publish } from '../../../events.ts';
import { Lru } from '../inspect/lru.ts';
import { scriptUrl } from '../serialize/main-module.ts';
import type { Place } from './place.ts';
import type { ScriptSyntax } from './script-syntax.ts';
import { originalStack, stackFile } from '../inspect/stack.ts';

interface Captures {
  count: number;
  ms: number;
}

const captures = new Lru<string, Captures>(1000);

/** Counts one capture; publishes the 100th, 1,000th, 10,000th … of a place. */
export function countCapture(script: ScriptSyntax, place: Place, ms: number): void {
  const key = `${script.id}:${place.start}`;
  const seen = captures.get(key) ?? captures.set(key, { count: 0, ms: 0 });
  seen.count += 1;
  seen.ms += ms;
  const { count, ms: spent } = seen;
  if (isMilestone(count)) publish('functionRecaptured', () => ({ ...whereIs(script, place), count, ms: spent }));
}

const isMilestone = (count: number): boolean => count >= 100 && Number.isInteger(Math.log10(count));

function whereIs(script: ScriptSyntax, place: Place): { file: string; line: number } {
  const at = originalStack(`${stackFile(script)}:${place.line + 1}:${place.column + 1}`);
  const [, file, line] = /^(.*):(\d+):\d+$/s.exec(at) as unknown as [string, string, string];
  return { file: scriptUrl(file) === '' ? file : scriptUrl(file), line: Number(line) };
}
