/**
 * `npm test`: runs every built test file, each in a process of its own, one more than there are cores at a time, and looks after each for what it
 * left behind (processes, files, descriptors, handles).
 *
 *     npm test                 all
 *     npm test -- codec pool   the files whose path holds one of these words
 *     HEDDLE_LONG=1            the long suite: tests read it and do more
 *     HEDDLE_TEST_JOBS=4       the number of files at once
 */

import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { add, lastLine, noCounts, seconds } from '../counts.ts';
import { SharedMemoryWatch } from './leaks.ts';
import { type Limits, runFile, type Verdict } from './one-file.ts';
import { longestFirst } from './order.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const long = process.env['HEDDLE_LONG'] !== undefined;
const jobs = Number(process.env['HEDDLE_TEST_JOBS'] ?? availableParallelism() + 1);
const limits: Limits = { total: long ? 1_800_000 : 600_000, afterLastTest: 30_000, afterExit: 5000 };

/** Test files as `pool/map.test`; a built file whose source is gone is not run. */
function testFiles(words: readonly string[]): string[] {
  return readdirSync(`${root}build/test`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .map((path) => path.slice(0, -3))
    .filter((path) => existsSync(`${root}test/${path}.ts`))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
}

function report(name: string, { counts, failures, skips, ms, output }: Verdict): void {
  console.log(
    `${failures.length === 0 ? 'ok    ' : 'FAILED'} ${String(counts.passed).padStart(4)} passed ${seconds(ms).padStart(8)}  ${name}`,
  );
  for (const skip of skips) console.log(`skipped: ${name} > ${skip.name}: ${skip.reason}`);
  for (const failure of failures) console.log(indent(`✗ ${failure.name === '' ? name : failure.name}\n${indent(failure.why)}`));
  if (failures.length > 0 && output.trim() !== '') console.log(indent(`what ${name} printed:\n${indent(output.trimEnd())}`));
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}

const files = testFiles(process.argv.slice(2));
const sum = noCounts();
const start = performance.now();
const sharedMemory = new SharedMemoryWatch();
const queue = longestFirst(files);

async function lane(): Promise<void> {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    sharedMemory.begin(name);
    const verdict = await runFile(`${root}build/test/${name}.js`, limits);
    report(name, verdict);
    add(sum, verdict.counts);
    for (const left of sharedMemory.end(name)) {
      sum.failed++;
      console.log(`FAILED /dev/shm/${left.name} was left behind by ${left.files.join(' or ')}`);
    }
  }
}

await Promise.all(Array.from({ length: jobs }, lane));
if (files.length === 0) {
  console.log(`no test file matches: ${process.argv.slice(2).join(' ')}`);
  sum.failed++;
}
console.log(`\n${files.length} files on Node ${process.version} in ${seconds(performance.now() - start)}`);
console.log(lastLine(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
