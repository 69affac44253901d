/**
 * Finds the fenced code blocks that are programs: in Markdown files and in the doc comments of the source.
 *
 *     ```ts                 a program of its own; `console.log(x); // prints: 42` says what it must print
 *     ```ts file=words.ts   written under this name beside the blocks of the same document that come after it
 *     ```ts no-run: reason  compiled, not run
 *     ```console            `$ command` lines with the output they must have; a line `…` stands for any lines
 *
 * Blocks in other languages (`sh`, `json`, no language) are left alone.
 */

export interface Block {
  /** Path of the document, relative to the checkout. */
  document: string;
  /** Line of its first code line, counted from 1. */
  line: number;
  language: 'ts' | 'js' | 'console';
  /** The name of its file; undefined for a program that is run. */
  file: string | undefined;
  noRun: string | undefined;
  code: string;
}

const LANGUAGES: Record<string, Block['language']> = { ts: 'ts', typescript: 'ts', js: 'js', javascript: 'js', console: 'console' };

export function blocksOf(document: string, text: string): Block[] {
  const lines = (document.endsWith('.md') ? text : docComments(text)).split('\n');
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(\s*)```(\w+)?\s*(.*)$/.exec(lines[i] ?? '');
    if (fence === null) continue;
    const [, indent = '', word = '', rest = ''] = fence;
    const first = i + 1;
    for (i++; i < lines.length && !(lines[i] ?? '').startsWith(`${indent}\`\`\``); i++);
    const language = LANGUAGES[word];
    if (language === undefined) continue;
    const code = lines.slice(first, i).map((line) => line.slice(Math.min(indent.length, line.length - line.trimStart().length)));
    blocks.push({
      document,
      line: first + 1,
      language,
      file: /\bfile=(\S+)/.exec(rest)?.[1],
      noRun: /\bno-run:\s*(.+)$/.exec(rest)?.[1],
      code: `${code.join('\n')}\n`,
    });
  }
  return blocks;
}

/** The text with everything but the insides of doc comments blanked, line for line, so that lines keep their numbers. */
function docComments(source: string): string {
  let inside = false;
  return source
    .split('\n')
    .map((line) => {
      const opens = !inside && /^\s*\/\*\*/.test(line);
      if (opens) inside = true;
      const shown = inside && !opens ? line.replace(/^\s*\* ?/, '').replace(/\*\/.*$/, '') : '';
      if (inside && line.includes('*/')) inside = false;
      return shown;
    })
    .join('\n');
}

/** The lines a program says it prints: `// prints: 42`, or a comment line of its own for each further line. */
export function promisedLines(code: string): string[] | undefined {
  const lines = [...code.matchAll(/\/\/ prints:(?: (.*))?$/gm)].map((match) => (match[1] ?? '').trimEnd());
  return lines.length === 0 ? undefined : lines;
}

export interface Step {
  command: string;
  expected: string[];
}

/** A terminal session cut into its commands. Lines before the first `$` are left out. */
export function stepsOf(code: string): Step[] {
  const steps: Step[] = [];
  for (const line of code.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
    else steps.at(-1)?.expected.push(line);
  }
  return steps;
}

/** True if the lines are as promised; `…` alone on a line stands for any number of lines. */
export function matches(expected: readonly string[], actual: readonly string[]): boolean {
  const gap = expected.indexOf('…');
  if (gap === -1) return expected.length === actual.length && expected.every((line, i) => line === actual[i]);
  if (!expected.slice(0, gap).every((line, i) => line === actual[i])) return false;
  const rest = expected.slice(gap + 1);
  for (let from = gap; from <= actual.length; from++) if (matches(rest, actual.slice(from))) return true;
  return false;
}
