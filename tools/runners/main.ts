/**
 * `npm run test:runners`: heddle inside other people's test runners, which run user code in another realm, with rewritten
 * imports and coverage counters. Each folder of `test/runners/` is a small project with its own lock file; the packed
 * package is put into its node_modules, where a user would have it. Its `npm test` writes `result.json`.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { add, lastLine, noCounts } from '../counts.ts';
import { ROOT } from '../places.ts';
import { noCertificates, run } from '../process.ts';

const TARBALL = `${ROOT}build/packed/heddle.tgz`;
const RUNNERS = `${ROOT}test/runners/`;
/** The common part of vitest's and Jest's JSON reporters. */
interface Result {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numFailedTestSuites: number;
}

async function must(command: string, args: string[], cwd: string, timeout = 300_000): Promise<void> {
  const { code, output } = await run(command, args, { cwd, timeout });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output}`);
}

async function check(name: string): Promise<void> {
  const folder = RUNNERS + name;
  await must('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
  const place = `${folder}/node_modules/heddle`;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  // acorn and koffi, its dependencies, are found in the checkout's own node_modules
  await must('tar', ['-xzf', TARBALL, '--strip-components=1', '-C', place], folder);
  rmSync(`${folder}/result.json`, { force: true });
  const { code, output } = await run('npm', ['test', '--silent'], {
    cwd: folder,
    timeout: 300_000,
    env: { ...noCertificates, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  let result: Result;
  try {
    result = JSON.parse(readFileSync(`${folder}/result.json`, 'utf8')) as Result;
  } catch {
    throw new Error(`exit code ${code}, no result\n${output}`);
  }
  const failed = Math.max(result.numFailedTests, result.numFailedTestSuites, code === 0 ? 0 : 1);
  add(sum, { passed: result.numPassedTests, failed, skipped: result.numPendingTests });
  console.log(failed === 0 ? `ok      ${name}: ${result.numPassedTests} passed` : `FAILED  ${name}: exit code ${code}\n${output}`);
}

const sum = noCounts();
const words = process.argv.slice(2);
for (const name of readdirSync(RUNNERS).filter((folder) => words.length === 0 || words.includes(folder))) {
  try {
    await check(name);
  } catch (error) {
    sum.failed++;
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(lastLine(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
