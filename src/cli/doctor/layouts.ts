/** `heddle doctor --layout`: what lies where in the shared heap, as text. */

import { allLayouts, type Layout } from '../../memory/index.ts';

export async function layoutsAsText(): Promise<string> {
  return `${[HEAD, ...(await layouts()).map(asText)].join('\n\n')}\n`;
}

export async function layoutsAsJson(): Promise<string> {
  return `${JSON.stringify(await layouts(), null, 2)}\n`;
}

async function layouts(): Promise<readonly Layout[]> {
  // Each is declared beside the code that reads it: that must be there.
  const { loadKinds } = await import('../../worker/index.ts');
  await loadKinds();
  return allLayouts();
}

const HEAD = `The shared heap is a row of 32-bit words. Offsets are counted in words from the first one of a record;
a slot is the id of a thread (0: nobody), a ref counts 16 bytes from the heap's start (0: none).`;

function asText({ name, meaning, size, fields }: Layout): string {
  const rows = fields.map((field) => {
    const last = field.offset + field.count - 1;
    return [last === field.offset ? String(last) : `${field.offset}-${last}`, field.type, field.name, field.meaning];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    ([at, type, what, means]) => `  ${at!.padStart(widths[0]!)}  ${type!.padEnd(widths[1]!)}  ${what!.padEnd(widths[2]!)}  ${means}`,
  );
  return [`${name}: ${meaning} (${size} ${size === 1 ? 'word' : 'words'})`, ...lines].join('\n');
}
