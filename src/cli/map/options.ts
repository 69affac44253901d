/** The flags of `heddle map`, checked: what the rest of the command works with. */

import { availableParallelism } from 'node:os';
import { parseFlags, wholeNumber } from '../flags.ts';
import { isSameFile } from '../items/file.ts';
import { jsonInput } from '../items/json.ts';
import { globInput } from '../items/glob.ts';
import { lineInput } from '../items/lines.ts';
import { argumentInput, type Input } from '../items/source.ts';
import { UsageError } from '../usage-error.ts';

export const MAP_FLAGS = [
  { name: 'lines', value: 'FILE', text: 'each line of FILE is an item, as a string; - is standard input' },
  { name: 'json', value: 'FILE', text: 'items are JSON, one a line, or one array; - is standard input' },
  { name: 'glob', value: 'PATTERN', text: 'paths of files that match are the items; quote the pattern' },
  { name: 'jobs', short: 'j', value: 'N', text: 'workers at a time; default: one for every core' },
  { name: 'threads', text: 'workers are threads of one process (the default)' },
  { name: 'processes', text: 'workers are processes, each with its own memory' },
  { name: 'backend', value: 'URL', text: 'workers are those of heddle worker at this server, redis://…' },
  { name: 'unordered', text: 'write results as they come, not in the order of the items' },
  { name: 'chunk', value: 'N', text: 'items that travel together; default: as many as go well' },
  { name: 'retries', value: 'N', text: 'try an item that failed up to N more times; default 0' },
  { name: 'backoff', value: 'MS', text: 'milliseconds between two tries of an item; default 0' },
  { name: 'timeout', value: 'MS', text: 'an item that takes more milliseconds has failed' },
  { name: 'out', short: 'o', value: 'FILE', text: 'write the results to FILE, not to standard output' },
  { name: 'journal', value: 'FILE', text: 'note what is done in FILE; the same command resumes from it' },
  { name: 'progress', negatable: true, text: 'show a bar, or lines in a log; default: only on a terminal' },
  { name: 'help', short: 'h', text: 'show this' },
] as const;

/** Options of `map`. */
export interface MapOptions {
  readonly module: string;
  readonly kind: 'thread' | 'process';
  readonly jobs: number;
  /** The server of the workers; undefined: they are of this machine. */
  readonly backend: string | undefined;
  readonly chunkSize: number | undefined;
  readonly isUnordered: boolean;
  /** Further attempts of an item that failed. */
  readonly retries: number;
  /** Milliseconds between two of them. */
  readonly backoff: number;
  /** In milliseconds; undefined: no limit for an item. */
  readonly timeout: number | undefined;
  readonly out: string | undefined;
  readonly journal: string | undefined;
  /** Undefined: only on a terminal. */
  readonly progress: boolean | undefined;
  /** Where the items come from, in words. */
  readonly source: string;
  openInput(): Input | Promise<Input>;
}

/** @returns null if only the help is wanted. @throws UsageError */
export function readMapOptions(argv: readonly string[]): MapOptions | null {
  const { values, switches, words } = parseFlags(argv, MAP_FLAGS);
  if (switches.help) return null;
  const [module, ...items] = words;
  if (module === undefined) throw new UsageError('which function? heddle map <module>[#export] [item…]');
  if (switches.threads && switches.processes) throw new UsageError('--threads and --processes exclude each other');
  if (values.backend !== undefined && (switches.threads || switches.processes))
    throw new UsageError('--backend excludes --threads and --processes: heddle worker says what its workers are');
  const sources: [name: string, open: () => Input | Promise<Input>][] = [];
  const { lines, json, glob, out, journal } = values;
  if (items.length > 0) sources.push(['items as arguments', () => argumentInput(items)]);
  if (lines !== undefined) sources.push(['--lines', () => lineInput(lines)]);
  if (json !== undefined) sources.push(['--json', () => jsonInput(json)]);
  if (glob !== undefined) sources.push(['--glob', () => globInput(glob)]);
  const [source, another] = sources;
  if (source === undefined) throw new UsageError('no items: give them after the module, or by --lines, --json or --glob');
  if (another !== undefined) throw new UsageError(`items come from one place, got ${sources.map(([name]) => name).join(' and ')}`);
  if (journal === '-') throw new UsageError('--journal needs a file, got "-"');
  return {
    module,
    kind: switches.processes ? 'process' : 'thread',
    jobs: wholeNumber(values.jobs, 'jobs', 1) ?? (values.backend === undefined ? availableParallelism() : Number.MAX_SAFE_INTEGER),
    backend: values.backend,
    chunkSize: wholeNumber(values.chunk, 'chunk', 1),
    isUnordered: switches.unordered ?? false,
    retries: wholeNumber(values.retries, 'retries', 0) ?? 0,
    backoff: wholeNumber(values.backoff, 'backoff', 0) ?? 0,
    timeout: wholeNumber(values.timeout, 'timeout', 1),
    out: out === '-' ? undefined : out,
    journal,
    source: source[0],
    progress: switches.progress,
    openInput: source[1],
  };
}

/** @throws UsageError if a file would be read and written, or written twice. @param input the file the items come from */
export function checkFiles({ out, journal }: MapOptions, input: string | undefined): void {
  for (const [flag, file] of [
    ['--out', out],
    ['--journal', journal],
  ] as const) {
    if (file !== undefined && input !== undefined && isSameFile(file, input))
      throw new UsageError(`${flag} ${file} is the file the items come from`);
  }
  if (out !== undefined && journal !== undefined && isSameFile(out, journal))
    throw new UsageError(`--out and --journal are the same file, ${out}`);
}
