/** The declaration files that a program's compiler reads: those of the entry points, and what they name. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../places.ts';

const BUILT = join(ROOT, 'build/src');

/** @returns text by path, such as `pool/future.d.ts` */
export function declarationsOf(entries: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const left = entries.map((entry) => `${entry}.d.ts`);
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (found.has(file)) continue;
    const text = readFileSync(join(BUILT, file), 'utf8');
    found.set(file, text.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n'));
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport\(|\bimport) ?(?:'|")(\.[^'"]+)(?:'|")/g))
      left.push(join(dirname(file), specifier!.replace(/\.[jt]s$/, '.d.ts')));
  }
  return found;
}
