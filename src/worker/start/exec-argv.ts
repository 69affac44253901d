/**
 * Which of Node's own options a worker inherits. Loaders and conditions (`--import tsx`, `--conditions`) must hold in it
 * too; what says how the main program starts (`--eval`, `--test`, `--watch`, a debugger's port) must not.
 */

/** Options of the main program alone. The next argument may be the value of those in `withValue`. */
const withValue = new Set([
  '-e',
  '--eval',
  '-p',
  '--print',
  '-pe',
  '--input-type',
  '--watch-path',
  '--run',
  '--build-snapshot-config',
  '--inspect-port',
  '--debug-port',
]);
const alone = new Set(['-c', '--check', '-i', '--interactive', '-', '--build-snapshot']);
const families = ['--inspect', '--test', '--watch', '--experimental-test', '--debug-port', '--experimental-sea-config', '--entry-url'];

/** Values of `--inspect…`, `--test…` options may also stand in the next argument; these are the ones that do. */
const familyWithValue = new Set([
  '--test-name-pattern',
  '--test-skip-pattern',
  '--test-reporter',
  '--test-reporter-destination',
  '--test-shard',
  '--test-concurrency',
  '--test-timeout',
  '--test-isolation',
  '--test-global-setup',
  '--test-coverage-include',
  '--test-coverage-exclude',
  '--test-coverage-branches',
  '--test-coverage-functions',
  '--test-coverage-lines',
  '--experimental-sea-config',
]);

export function inheritedExecArgv(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const argument = execArgv[i]!;
    const name = argument.split('=', 1)[0]!;
    const takesNext = (withValue.has(name) || familyWithValue.has(name)) && !argument.includes('=');
    if (takesNext) i++;
    const isLeftOut =
      takesNext || withValue.has(name) || alone.has(name) || families.some((family) => name === family || name.startsWith(`${family}-`));
    if (!isLeftOut) kept.push(argument);
  }
  return kept;
}
