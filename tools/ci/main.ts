/**
 * `.ci/run` after install and build: runs the parts, as many at once as the two cores take, and sums them up.
 *
 *     part ── needs ──> parts that must have passed      cores: 2 runs alone, 1 beside another, 0 beside anything
 *
 * A line a part; of a part that failed also its output, without the lines of what passed. The last line is the sum over all parts.
 */

import { performance } from 'node:perf_hooks';
import { add, type Counts, lastLine, noCounts, readCounts, seconds } from '../counts.ts';
import { ROOT } from '../places.ts';
import { noCertificates, run } from '../process.ts';
import { type Part, parts } from './parts.ts';

const CORES = 2;
/** The whole run in milliseconds; what has not begun by then fails by name. */
const DEADLINE = 19.5 * 60_000;

const words = process.argv.slice(2);
const wanted = parts.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const waiting = [...wanted];
const passed = new Set<string>();
const ended = new Set<string>();
/** Install and build, which `.ci/run` did before. */
const sum = { ...noCounts(), passed: Number(process.env['HEDDLE_CI_STEPS'] ?? 0) };
const start = performance.now();
let free = CORES;

function judge(part: Part, code: number | null, output: string): Counts {
  const counts = readCounts(output) ?? { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** Leaves out passed tests, so that failures are seen also where only the first lines of a report are kept. */
const withoutPassed = (output: string): string => output.replaceAll(/^ok {2}.*\n/gm, '');

function report(part: Part, counts: Counts, ms: number, output: string): void {
  add(sum, counts);
  ended.add(part.name);
  if (counts.failed === 0) passed.add(part.name);
  console.log(`${counts.failed === 0 ? 'ok    ' : 'FAILED'} ${seconds(ms).padStart(8)}  ${part.name}: ${lastLine(counts)}`);
  for (const line of output.split('\n')) if (line.startsWith('skipped: ')) console.log(`         ${line}`);
  if (counts.failed > 0) console.log(withoutPassed(output).replaceAll(/^/gm, '    | '));
}

async function runPart(part: Part): Promise<void> {
  free -= part.cores;
  const [command = '', ...args] = part.command;
  const left = Math.max(1000, DEADLINE - (performance.now() - start));
  const timeout = Math.min(part.timeout * 1000, left);
  const { code, output, timedOut, ms } = await run(command, args, { cwd: ROOT, timeout, env: part.registry ? {} : noCertificates });
  const why = timedOut ? `\n${part.name} ran over ${seconds(timeout)} and was killed` : '';
  report(part, judge(part, code, output), ms, output + why);
  free += part.cores;
}

/** The next part that may begin; a part whose need failed fails with it. */
function next(): Part | undefined {
  for (const part of waiting.slice()) {
    const missing = part.needs?.filter((need) => wanted.some(({ name }) => name === need) && !passed.has(need)) ?? [];
    const late = performance.now() - start > DEADLINE;
    const hopeless = missing.filter((need) => ended.has(need));
    if (hopeless.length > 0 || late) {
      waiting.splice(waiting.indexOf(part), 1);
      report(
        part,
        { passed: 0, failed: 1, skipped: 0 },
        0,
        late ? 'not begun: the whole run took too long' : `not begun: ${hopeless.join(', ')} failed`,
      );
    } else if (missing.length === 0 && part.cores <= free) {
      waiting.splice(waiting.indexOf(part), 1);
      return part;
    }
  }
  return undefined;
}

const running = new Set<Promise<void>>();
while (waiting.length > 0 || running.size > 0) {
  for (let part = next(); part !== undefined; part = next()) {
    const done = runPart(part).finally(() => running.delete(done));
    running.add(done);
  }
  // None is running when all that were left came too late.
  if (running.size > 0) await Promise.race(running);
}
console.log(`\nall of it in ${seconds(performance.now() - start)}`);
console.log(lastLine(sum));
process.exitCode = sum.failed > 0 ? 1 : 0;
