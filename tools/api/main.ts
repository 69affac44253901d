/**
 * `npm run api`: writes the public surface of each entry point of the package to `api/`, one report each. `api:check` only compares, and
 * fails where a report is not what the built package shows.
 *
 * The entry points are those of package.json's `exports`; `api/api-extractor.json` has the common part of all reports.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from '../places.ts';
import { run } from '../process.ts';

const BUILD = `${ROOT}build/api/`;
const TIMEOUT = 120_000;

interface Door {
  /** Of its report. */
  name: string;
  types: string;
}

function doors(): Door[] {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { exports: Record<string, string | { types: string }> };
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [{ name: path === '.' ? 'heddle' : path.slice(2), types: target.types.slice(2) }],
  );
}

/**
 * Types that an entry point does not export, though others are made of them: a program has no use for their names. Helper types of proxies, the base of
 * managers, the memory behind a shared object, the body of a greenlet, items of a map, and the state of a coroutine's lock.
 */
const INTERNAL = new Set(
  (
    'AnyMethod AsyncForms AsyncProperties Called Calls Given Holding Iteration MethodsOf Pipelines ' +
    'Registered SyncForms SyncProperties Timeout WorkerKind Block Memory ObjectKind Body Source Items PoolExecutor ' +
    // `heddle` exports it.
    'MapOptions'
  ).split(' '),
);

/** Returns the exports of a report that have no documentation, and the types that it forgets to export. */
function gapsOf(name: string): string | undefined {
  const text = readFileSync(`${ROOT}api/${name}.api.md`, 'utf8');
  const undocumented = [...text.matchAll(/\(undocumented\)\n(?: *\/\/.*\n)* *(.*)/g)].map((match) => `undocumented: ${match[1]}`);
  const forgotten = [...text.matchAll(/\(ae-forgotten-export\) The symbol "(\w+?)(?:_\d+)?"/g)].flatMap((match) =>
    INTERNAL.has(match[1]!) ? [] : [`not exported: ${match[1]}`],
  );
  const gaps = undocumented.concat(forgotten);
  return gaps.length === 0 ? undefined : gaps.join('\n');
}

/** Returns what is wrong with its report, if anything is. */
async function report({ name, types }: Door, isCheck: boolean): Promise<string | undefined> {
  const config = `${BUILD}${name}.json`;
  const own = {
    extends: '../../api/api-extractor.json',
    mainEntryPointFilePath: `<projectFolder>/${types}`,
    apiReport: { enabled: true, reportFileName: `${name}.api.md` },
  };
  writeFileSync(config, JSON.stringify(own));
  const args = ['run', '--config', config, ...(isCheck ? [] : ['--local'])];
  const { code, output } = await run(`${ROOT}tools/node_modules/.bin/api-extractor`, args, { cwd: ROOT, timeout: TIMEOUT });
  return code === 0 ? gapsOf(name) : output;
}

const isCheck = process.argv.includes('--check');
mkdirSync(BUILD, { recursive: true });
for (const door of doors()) {
  const wrong = await report(door, isCheck);
  console.log(wrong === undefined ? `ok      api/${door.name}.api.md` : `FAILED  api/${door.name}.api.md\n${wrong}`);
  if (wrong !== undefined) process.exitCode = 1;
}
if (isCheck && process.exitCode === 1)
  console.log('The public surface changed. If that is meant: npm run api, and commit what it changes in api/');
