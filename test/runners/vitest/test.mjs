// Runs the suites in each of the ways a project may be set up, and sums the results in result.json.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const ways = [
  ['--pool=forks', '--coverage.provider=istanbul'],
  ['--pool=threads', '--coverage.provider=v8'],
  ['--pool=vmThreads', '--coverage.enabled=false'],
];
const sum = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numFailedTestSuites: 0 };
let failed = false;
for (const way of ways) {
  const file = `result${ways.indexOf(way)}.json`;
  console.log(`vitest ${way.join(' ')}`);
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...way, ...process.argv.slice(2), `--outputFile.json=${file}`],
    { stdio: 'inherit' },
  );
  failed ||= status !== 0;
  const result = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of Object.keys(sum)) sum[key] += result[key];
}
writeFileSync('result.json', JSON.stringify(sum));
process.exitCode = failed ? 1 : 0;
