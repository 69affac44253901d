/** `heddle doctor`: what this machine offers and what is missing. */

import { EXIT } from '../exit.ts';
import { parseFlags } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import { layoutsAsJson, layoutsAsText } from './layouts.ts';
import { type Check, CHECKS, type Finding } from './checks.ts';

export const DOCTOR_FLAGS = [
  { name: 'json', text: 'the same as JSON, for programs' },
  { name: 'layout', text: 'what lies where in the memory that threads and processes share' },
  { name: 'help', short: 'h', text: 'show this' },
] as const;

export async function doctorCommand(argv: readonly string[], help: () => number): Promise<number> {
  const { switches, words } = parseFlags(argv, DOCTOR_FLAGS);
  if (switches.help) return help();
  if (words.length > 0) throw new UsageError(`doctor takes no arguments, got ${words.join(' ')}`);
  if (switches.layout) {
    process.stdout.write(await (switches.json ? layoutsAsJson() : layoutsAsText()));
    return EXIT.done;
  }
  const findings: Finding[] = [];
  for (const check of CHECKS) findings.push(await examine(check));
  const works = findings.every(({ state, isEssential }) => state === 'ok' || !isEssential);
  process.stdout.write(switches.json ? `${JSON.stringify({ works, checks: findings }, null, 2)}\n` : asText(findings, works));
  return works ? EXIT.done : EXIT.failed;
}

/** A check that breaks is itself a finding. */
async function examine(check: Check): Promise<Finding> {
  const { name, isEssential, without } = check;
  try {
    const { isThere, found } = await check.look();
    return { name, state: isThere ? 'ok' : 'missing', isEssential, found, ...(isThere ? {} : { meaning: without }) };
  } catch (error) {
    return { name, state: 'missing', isEssential, found: (error as Error).message, meaning: without };
  }
}

function asText(findings: readonly Finding[], works: boolean): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.map(({ name, state, found, meaning }) => {
    const line = `${state.padEnd(7)}  ${name.padEnd(width)}  ${found}`;
    return meaning === undefined ? line : `${line}\n${' '.repeat(width + 11)}${meaning}`;
  });
  const missing = findings.filter(({ state }) => state === 'missing').length;
  const end = works
    ? missing === 0
      ? 'Everything heddle uses is here.'
      : 'heddle works here; what is missing is named above.'
    : 'heddle does not work here: something essential is missing.';
  return `${lines.join('\n')}\n\n${end}\n`;
}
