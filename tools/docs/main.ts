/**
 * `npm run test:docs`: every code block of the docs and of the doc comments is a program, and runs here against the
 * built package. All blocks are written out and compiled at once. Those of one document run one by one, since later ones
 * may read the files of earlier ones; several documents run at once.
 *
 *     build/docs/README.md/25.ts      the block whose code begins in line 25, padded so that its lines keep their numbers
 *     build/docs/out/README.md/25.js  compiled, run in build/docs/cwd/README.md/
 */

import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { lastLine, noCounts } from '../counts.ts';
import { ROOT } from '../places.ts';
import { noCertificates, run } from '../process.ts';
import { withSourcePositions } from '../source-positions.ts';
import { type Block, blocksOf, matches, promisedLines, stepsOf } from './blocks.ts';
import { startServer } from './redis.ts';

const BUILD = `${ROOT}build/docs/`;
const TIMEOUT = 60_000;
const CONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    rootDir: '.',
    outDir: 'out',
    composite: false,
    declaration: false,
    isolatedDeclarations: false,
    erasableSyntaxOnly: false,
    noUnusedLocals: false,
    allowJs: true,
    moduleDetection: 'force',
  },
  include: ['./*/**/*.ts', './*/**/*.js', './*/**/*.mjs'],
  exclude: ['out', 'cwd', 'bin'],
};

function documents(): string[] {
  const within = (folder: string, ending: string): string[] =>
    readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(ending) && !path.includes('node_modules'))
      .map((path) => join(folder, path));
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  return [...top, ...(existsSync(`${ROOT}docs`) ? within('docs', '.md') : []), ...within('src', '.ts')].sort();
}

const folderOf = ({ document }: Block): string => document.replaceAll('/', '~');
const nameOf = (block: Block): string => `${block.document}:${block.line}`;
const cwdOf = (block: Block): string => `${BUILD}cwd/${folderOf(block)}`;

function write(blocks: readonly Block[]): void {
  rmSync(BUILD, { recursive: true, force: true });
  mkdirSync(`${BUILD}bin`, { recursive: true });
  writeFileSync(`${BUILD}tsconfig.json`, JSON.stringify(CONFIG));
  writeFileSync(`${BUILD}bin/heddle`, `#!/bin/sh\nexec "${process.execPath}" "${ROOT}dist/cli/main.js" "$@"\n`);
  chmodSync(`${BUILD}bin/heddle`, 0o755);
  for (const block of blocks) {
    mkdirSync(cwdOf(block), { recursive: true });
    mkdirSync(BUILD + folderOf(block), { recursive: true });
    if (block.language === 'console') continue;
    // A named file stands beside the later blocks in both places: where they are compiled and where commands are run.
    if (block.file !== undefined) writeFileSync(join(cwdOf(block), block.file), block.code);
    const name = block.file ?? `${block.line}.${block.language}`;
    writeFileSync(`${BUILD}${folderOf(block)}/${name}`, block.file === undefined ? '\n'.repeat(block.line - 1) + block.code : block.code);
  }
}

/** Undefined where all is well, else what is wrong. */
async function wrongWith(block: Block): Promise<string | undefined> {
  const env = {
    ...noCertificates,
    PATH: `${BUILD}bin${delimiter}${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    REDIS_URL: server?.url,
  };
  if (block.language === 'console') {
    for (const { command, expected } of stepsOf(block.code)) {
      const { output, timedOut } = await run('sh', ['-c', command], { cwd: cwdOf(block), env, timeout: TIMEOUT });
      const actual = output.trimEnd().split('\n');
      if (timedOut) return `${command}\ndid not end`;
      if (!matches(expected.length === 0 ? [''] : expected, actual))
        return `${command}\nshould print\n${expected.join('\n')}\nand printed\n${output}`;
    }
    return undefined;
  }
  const program = `${BUILD}out/${folderOf(block)}/${block.line}.js`;
  const { code, stdout, output, timedOut } = await run(process.execPath, [program], {
    cwd: cwdOf(block),
    env,
    timeout: TIMEOUT,
  });
  if (timedOut) return `did not end by itself\n${output}`;
  if (code !== 0) return `exit code ${code}\n${output}`;
  const promised = promisedLines(block.code);
  const printed = stdout.trimEnd().split('\n');
  if (promised !== undefined && !matches(promised, printed)) return `should print\n${promised.join('\n')}\nand printed\n${output}`;
  return undefined;
}

const sum = noCounts();
const words = process.argv.slice(2);
const blocks = documents()
  .flatMap((document) => blocksOf(document, readFileSync(ROOT + document, 'utf8')))
  .filter((block) => words.length === 0 || words.some((word) => nameOf(block).includes(word)));
write(blocks);
const compiled =
  blocks.length === 0 ? undefined : await run(`${ROOT}node_modules/.bin/tsc`, ['-p', BUILD], { cwd: ROOT, timeout: TIMEOUT * 5 });
if (compiled !== undefined && compiled.code !== 0) {
  sum.failed++;
  console.log(`FAILED  a block does not compile (the line is that of the document)\n${compiled.output}`);
}

const needsServer = ({ code }: Block): boolean => code.includes('REDIS_URL');
const server = blocks.some(needsServer) ? await startServer() : undefined;
const noServer = 'needs redis-server in PATH (Debian: apt-get install redis-server), or REDIS_URL';

/** The documents that have not begun, each with its blocks. */
const waiting = [...new Set(blocks.map(({ document }) => document))].map((name) => blocks.filter(({ document }) => document === name));

async function lane(): Promise<void> {
  for (let document = waiting.shift(); document !== undefined; document = waiting.shift()) {
    for (const block of document) {
      if (block.file !== undefined) continue;
      const whyNot = block.noRun ?? (needsServer(block) && server?.url === undefined ? noServer : undefined);
      if (whyNot !== undefined) {
        sum.skipped++;
        console.log(`skipped: ${nameOf(block)}: ${whyNot}`);
        continue;
      }
      const wrong = await wrongWith(block);
      sum[wrong === undefined ? 'passed' : 'failed']++;
      console.log(wrong === undefined ? `ok      ${nameOf(block)}` : `FAILED  ${nameOf(block)} ${withSourcePositions(wrong)}`);
    }
  }
}

await Promise.all(Array.from({ length: availableParallelism() + 1 }, lane));
await server?.end();
console.log(lastLine(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
