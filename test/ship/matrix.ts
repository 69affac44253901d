/**
 * Every promise about shipped functions, in every form a program may have, to threads and to processes, on the Node that runs this.
 * The cases stand in test/fixtures/ship; `SHIP_ONLY` (part of a case's name), `SHIP_VARIANT` and `SHIP_PROGRAM` narrow a run.
 *
 *   plain.test.ts      JavaScript as written by hand        compiled.test.ts   from tsc, with source maps
 *   typescript.test.ts .ts as it is, under tsx and natively      esbuild.test.ts    from esbuild, with shortened names
 */

import { after, describe, test, type TestContext } from 'node:test';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { isShortened, modulesOnly, prepare, root, type Variant, type VariantName } from './variants.ts';
import { report, runNode } from './run-program.ts';

/** Programs that expect names of variables in messages and stack traces. */
const namesMatter = new Set(['refused', 'stacks']);
const everywhere = ['top', 'closures', 'shapes', 'classes', 'refused', 'inside', 'circular', 'stacks'];

function programsOf(variant: Variant): string[] {
  const programs = isShortened(variant.name) ? everywhere.filter((name) => !namesMatter.has(name)) : [...everywhere];
  if (variant.format === 'module') programs.push(...modulesOnly);
  if (variant.emits) programs.push('emit', 'legacy');
  if (variant.name.startsWith('plain')) programs.push('isolation');
  // The compiled form of these is covered by the others; they start many workers, or run many cases once more.
  if (['plain-mjs', 'plain-cjs', 'tsx-esm', 'native'].includes(variant.name)) programs.push('nested', 'reducers');
  if (['plain-mjs', 'plain-cjs', 'tsx-esm'].includes(variant.name)) programs.push('imported');
  if (variant.name === 'plain-cjs') programs.push('commonjs');
  if (variant.name === 'plain-mjs') programs.push('costs', 'costs-1000', 'costs-10000');
  const only = process.env['SHIP_PROGRAM']?.split(',');
  return only === undefined ? programs : programs.filter((name) => only.includes(name));
}

const shown: string[] = [];
after(() => {
  for (const line of shown) console.log(line);
});

const wanted = process.env['SHIP_VARIANT']?.split(',');
const kinds = process.env['SHIP_KINDS'] ?? 'thread,process';
const isLong = process.env['HEDDLE_LONG'] !== undefined;

async function run(t: TestContext, place: string, variant: Variant, program: string, kind: string): Promise<void> {
  const env = {
    SHIP_KIND: kind,
    SHIP_ORIGINALS: variant.originals.folder,
    SHIP_ORIGINALS_ENDING: variant.originals.ending,
    ...(isShortened(variant.name) ? { SHIP_SHORTENED: '1' } : {}),
    SHIP_INSIDE: path.join(root, 'build/src'),
    ...(program === 'legacy' ? { TSX_TSCONFIG_PATH: path.join(variant.folder, 'tsconfig.legacy.json') } : {}),
  };
  const file = path.join(variant.folder, `${program}${variant.ending}`);
  const args = [...variant.flags, file];
  // Where names are shortened, a case that expects names of the source is wrong wherever it runs.
  const inPlace = isShortened(variant.name) ? await runNode(args, { cwd: place, env: { ...env, SHIP_KIND: 'fake' } }) : undefined;
  const wrong = new Set(inPlace?.outcomes.filter(({ ok }) => !ok).map(({ name }) => name));
  const ended = await runNode(args, { cwd: place, env });
  for (const line of ended.stdout.split('\n')) if (/^(costs|worker grew)/.test(line)) shown.push(`${program} ${kind}: ${line}`);
  await report(t, { ...ended, outcomes: ended.outcomes.filter(({ name }) => !wrong.has(name)) });
}

/**
 * The two kinds share a start of the program, which costs most. The first one sees a program that shipped nothing yet: threads in a module, processes
 * in CommonJS. In the long suite both do, where the program is plain.
 */
const orderFor = ({ format }: Variant): string => (format === 'module' ? kinds : kinds.split(',').reverse().join(','));

/** Declares the tests of those variants that this Node can run. */
export function testVariants(names: readonly VariantName[]): void {
  const { place, variants } = prepare(`matrix-${names[0]!}`, names);
  describe('shipped functions', { concurrency: availableParallelism() }, () => {
    for (const variant of variants.filter(({ name }) => wanted?.includes(name) ?? true)) {
      const isPlain = variant.name.startsWith('plain');
      for (const program of programsOf(variant)) {
        const starts =
          isPlain && (isLong || program === 'isolation') && !program.startsWith('costs') ? kinds.split(',') : [orderFor(variant)];
        for (const kind of starts) test(`${program} as ${variant.name} to a ${kind}`, (t) => run(t, place, variant, program, kind));
      }
    }
  });
}
