/** The text of `--help`. */

import { flagHelp } from './flags.ts';
import { DOCTOR_FLAGS } from './doctor/command.ts';
import { MAP_FLAGS } from './map/options.ts';

export const HELP: string = `heddle: run a function over many items, on every core.

Usage
  heddle map <module>[#export] [item…]   call the function with each item; results as JSON lines
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
