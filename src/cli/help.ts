/** The text of `--help`. */

import { flagHelp } from './flags.ts';
import { DOCTOR_FLAGS } from './doctor/command.ts';
import { MAP_FLAGS } from './map/options.ts';
import { WORKER_FLAGS } from './worker/command.ts';

export const HELP: string = `heddle: run a function over many items, on every core.

Usage
  heddle map <module>[#export] [item…]   call the function with each item; results as JSON lines
  heddle worker --url <server>           run the tasks of programs on other machines
  heddle doctor                          what this machine offers, and what is missing
  heddle help [command]                  help for one command
  heddle --version                       the version of heddle

Examples
  heddle map ./hash.js a.txt b.txt c.txt
  heddle map ./geo.ts#locate --lines addresses.txt --out places.jsonl
`;

export const MAP_HELP: string = `Calls a function of a module with each item, on every core, and writes the results as JSON lines
in the order of the items.

Usage
  heddle map <module>[#export] [item…] [flags]

  <module>   a file (JavaScript or TypeScript), a file: URL or the name of an installed package
  #export    which function; without it the default export. #tools.hash is hash in the export tools
  item…      the items, as strings; or let them come from --lines, --json or --glob

Flags
${flagHelp(MAP_FLAGS, [['    --', 'what follows are items, even if they begin with -']])}

An item that fails is named on standard error, and the others go on. What the function prints goes
to standard error too. Ctrl-C stops and writes what is done; a second one stops at once. With
--journal the same command, started again, runs only what is not finished.

Exit codes
  0 all done   1 some items failed   2 the command is wrong   130 interrupted

Examples
  heddle map ./resize.js#thumbnail --glob 'photos/**/*.{jpg,png}'
  cat urls.txt | heddle map ./fetch.ts --lines - -j 32 | jq .title
  heddle map ./score.js#score --json rows.jsonl --processes --out scores.jsonl
  heddle map node:path#basename /a/b.txt /c/d.txt
`;

export const DOCTOR_HELP: string = `Looks at what this machine offers to heddle, and says what is missing and what that means.

Usage
  heddle doctor [flags]

Flags
${flagHelp(DOCTOR_FLAGS)}

Exit codes
  0 heddle works here   1 something essential is missing   2 the command is wrong
`;

export const WORKER_HELP: string = `Runs tasks of programs on other machines, which a server of Redis or Valkey hands out, until it is told to end.

Usage
  heddle worker --url <server> [flags]

Flags
${flagHelp(WORKER_FLAGS)}

Start it in the folder of the program: both sides must have the same files, or the same --release.
SIGTERM and Ctrl-C let what runs end, and take nothing more; a second signal ends it at once.
The secret HEDDLE_AUTHKEY, if there is one, must be that of the callers.

Exit codes
  0 ended when told   1 the server cannot be used   2 the command is wrong   130 a second signal

Examples
  heddle worker --url redis://127.0.0.1:6379
  heddle worker --url rediss://:password@db.example:6380 -j 8 --release 2024-06-01
`;
