// Runs the suites in each of the ways a project may be set up, and sums the results in result.json.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const ways = [['--coverageProvider=babel'], ['--coverageProvider=v8'], ['--coverage=false']];
const sum = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numFailedTestSuites: 0 };
let failed = false;
for (const way of ways) {
  const file = `result${ways.indexOf(way)}.json`;
  console.log(`jest ${way.join(' ')}`);
  const node = ['--experimental-vm-modules', '--no-warnings'];
  const { status } = spawnSync(
    process.execPath,
    [...node, 'node_modules/jest/bin/jest.js', ...way, ...process.argv.slice(2), '--json', `--outputFile=${file}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  failed ||= status !== 0;
  const result = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of Object.keys(sum)) sum[key] += result[key];
}
writeFileSync('result.json', JSON.stringify(sum));
process.exitCode = failed ? 1 : 0;
