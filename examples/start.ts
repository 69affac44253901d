/**
 * `npm start`: hashes and counts every file under node_modules with `heddle map`, once on all cores and once on one,
 * checks that both give the same totals, and says how much faster it was. Other files: `npm start -- 'src/**'`.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FileCount } from './hash-and-count.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pattern = process.argv[2] ?? 'node_modules/**';
const command = ['map', 'build/examples/hash-and-count.js#hashAndCount', '--glob', pattern, '--progress'];

interface Totals {
  files: number;
  bytes: number;
  lines: number;
  words: number;
  /** SHA-256 over all paths and hashes, as `sha256sum` would list them. */
  digest: string;
}

async function run(jobs: number): Promise<{ totals: Totals; seconds: number }> {
  const start = performance.now();
  const heddle = spawn(process.execPath, ['dist/cli/main.js', ...command, '-j', String(jobs)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => heddle.once('close', resolve));
  const digest = createHash('sha256');
  const totals = { files: 0, bytes: 0, lines: 0, words: 0 };
  for await (const line of createInterface({ input: heddle.stdout })) {
    const { path, bytes, lines, words, sha256 } = JSON.parse(line) as FileCount;
    totals.files++;
    totals.bytes += bytes;
    totals.lines += lines;
    totals.words += words;
    digest.update(`${sha256}  ${path}\n`);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`heddle map ended with exit code ${code}`);
  return { totals: { ...totals, digest: digest.digest('hex') }, seconds: (performance.now() - start) / 1000 };
}

const count = (n: number): string => n.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const cores = availableParallelism();
console.log(`Hashing every file under ${pattern.split('/', 1)[0]} (SHA-256) and counting its words, with

    npx heddle ${command.map((word) => (word.includes('*') ? `'${word}'` : word)).join(' ')}
`);
console.log(cores === 1 ? 'On the one core there is:' : `On all ${cores} cores:`);
const all = await run(cores);
console.log('\nThe same on one core, to compare:');
const one = await run(1);

const { files, bytes, lines, words, digest } = all.totals;
console.log(`
  files      ${count(files)}
  bytes      ${count(bytes)}
  lines      ${count(lines)}
  words      ${count(words)}
  digest     ${digest}
`);
const row = (name: string, { seconds }: { seconds: number }): string =>
  `  ${name.padEnd(11)}${seconds.toFixed(1)} s   ${megabytes(bytes / seconds)}/s`;
console.log(row(cores === 1 ? '1 core' : `${cores} cores`, all));
console.log(row('1 core', one));
console.log(`  speed-up   ${(one.seconds / all.seconds).toFixed(2)} times, start-up included\n`);

if (files > 0 && JSON.stringify(all.totals) === JSON.stringify(one.totals)) {
  console.log('Both runs gave the same totals.');
} else {
  if (files === 0) console.error(`No file matches ${pattern}.`);
  else console.error(`The totals differ. On one core: ${JSON.stringify(one.totals)}`);
  process.exitCode = 1;
}
