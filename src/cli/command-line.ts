/** From the words of the command line to an exit code. */

import { readFileSync } from 'node:fs';
import { doctorCommand } from './doctor/command.ts';
import { EXIT } from './exit.ts';
import { DOCTOR_HELP, HELP, MAP_HELP, WORKER_HELP } from './help.ts';
import { mapCommand } from './map/command.ts';
import { readMapOptions } from './map/options.ts';
import { backendEngine } from './map/backend-engine.ts';
import { poolEngine } from './map/pool-engine.ts';
import { packageFolder } from '../places.ts';
import { nearest, OutsideError, UsageError } from './usage-error.ts';
import { workerCommand } from './worker/command.ts';

const HELPS: Record<string, string> = { map: MAP_HELP, worker: WORKER_HELP, doctor: DOCTOR_HELP, help: HELP };

/** Runs one command. Everything that can go wrong has been said when the exit code is there. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    const command = argv[0] !== undefined && argv[0] in HELPS && argv[0] !== 'help' ? `heddle ${argv[0]}` : 'heddle';
    if (error instanceof OutsideError) {
      process.stderr.write(`${command}: ${error.message}\n`);
      return EXIT.failed;
    }
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${command}: ${error.message}\nTry: ${command} --help\n`);
    return EXIT.usage;
  }
}

async function dispatch([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'map': {
      const options = readMapOptions(rest);
      return options === null
        ? say(MAP_HELP)
        : mapCommand(options, options.backend === undefined ? poolEngine : await backendEngine(options.backend));
    }
    case 'worker':
      return workerCommand(rest, () => say(WORKER_HELP));
    case 'doctor':
      return doctorCommand(rest, () => say(DOCTOR_HELP));
    case undefined:
      process.stderr.write(HELP);
      return EXIT.usage;
    case 'help':
      return say(helpFor(rest));
    case '--help':
    case '-h':
      return say(HELP);
    case '--version':
    case '-V':
      return say(`${version()}\n`);
    default: {
      const meant = nearest(command.replace(/^-+/, ''), [...Object.keys(HELPS), 'version']);
      const hint =
        meant === undefined ? '; there are map, worker, doctor and help' : `; did you mean ${meant === 'version' ? '--version' : meant}?`;
      throw new UsageError(`unknown ${command.startsWith('-') ? 'flag' : 'command'} ${command}${hint}`);
    }
  }
}

function helpFor([command, ...more]: readonly string[]): string {
  if (more.length > 0) throw new UsageError(`help takes one command, got ${[command, ...more].join(' ')}`);
  if (command === undefined || command.startsWith('-')) return HELP;
  const help = HELPS[command];
  if (help !== undefined) return help;
  const meant = nearest(command, Object.keys(HELPS));
  throw new UsageError(`there is no command ${command}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
}

function say(text: string): number {
  process.stdout.write(text);
  return EXIT.done;
}

function version(): string {
  const { version: found } = JSON.parse(readFileSync(`${packageFolder}package.json`, 'utf8')) as { version: string };
  return found;
}
