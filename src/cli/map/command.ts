/** `heddle map`: puts the parts together and says with which code to exit. */

import { countText, Tracker } from '../../progress/index.ts';
import { EXIT } from '../exit.ts';
import type { Input } from '../items/source.ts';
import { Journal } from '../journal/journal.ts';
import type { Target } from './apply.ts';
import type { Engine, EngineMaker } from './engine.ts';
import { Interrupt } from './interrupt.ts';
import { checkFiles, type MapOptions } from './options.ts';
import { openFile, Output } from './output.ts';
import { displayMode, Report } from './report.ts';
import { type RunState, runMap } from './run.ts';
import { Search } from './search.ts';

/** @throws UsageError before any item is read, OutsideError later */
export async function mapCommand(options: MapOptions, makeEngine: EngineMaker): Promise<number> {
  const search = new Search(options.module, process.cwd());
  const input = await options.openInput();
  checkFiles(options, input.file);
  const hasBar = displayMode(options.progress, process.stderr, process.env) === 'terminal';
  const interrupt = new Interrupt();
  let journal: Journal | undefined;
  try {
    const found = await interrupt.orStop(search.run(() => makeEngine(options), hasBar));
    if (found === 'stopped') return EXIT.interrupted;
    if (options.journal !== undefined) {
      const { url: module, path } = found.target;
      const opened = await interrupt.orStop(Journal.open(options.journal, { module, export: path, items: options.source }));
      if (opened === 'stopped') return EXIT.interrupted;
      journal = opened;
    }
    return await mapItems(options, input, found.engine, found.target, interrupt, journal);
  } finally {
    interrupt.close();
    input.close();
    await journal?.close();
  }
}

async function mapItems(
  options: MapOptions,
  input: Input,
  engine: Engine,
  target: Target,
  interrupt: Interrupt,
  journal: Journal | undefined,
): Promise<number> {
  const tracker = new Tracker();
  const { stderr, stdout, env } = process;
  stderr.on('error', () => {});
  const stream = options.out === undefined ? stdout : await openFile(options.out);
  const mode = displayMode(options.progress, stderr, env);
  const report = new Report(stderr, tracker, mode, labelOf(target));
  const shareTerminal = options.out === undefined && stdout.isTTY;
  const output = new Output(stream, options.out ?? 'standard output', shareTerminal ? (print) => report.around(print) : undefined);
  const state: RunState = { isStopped: false, taken: 0, failures: 0, written: 0 };
  const stop = (): void => {
    state.isStopped = true;
    input.close();
  };
  const stopAtOnce = (): void => {
    stop();
    engine.stop();
  };
  if (journal !== undefined && journal.finished > 0) void report.say(`heddle: ${countOf(journal.finished)} already in ${options.journal}`);
  if (mode !== 'silent') input.total().then((total) => tracker.setTotal(total), ignore);
  output.onGone(stopAtOnce);
  journal?.onFailed(stopAtOnce);
  interrupt.onStop(
    () => {
      stop();
      engine.cancel();
    },
    () => engine.stop(),
  );
  const run = { input, engine, target, output, report, isUnordered: options.isUnordered, retries: options.retries, journal };
  const [mapped] = await Promise.allSettled([runMap(run, state)]);
  const [written] = await Promise.allSettled([output.end()]);
  if (!state.isStopped) await interrupt.orStop(engine.close());
  report.finish();
  if (interrupt.isStopped) {
    const onward = journal === undefined ? '' : `; the same command resumes from ${options.journal}`;
    stderr.write(`heddle: interrupted; ${countOf(state.written)} written${onward}\n`);
    return EXIT.interrupted;
  }
  if (written.status === 'rejected') throw written.reason;
  if (mapped.status === 'rejected' && !output.isGone) throw mapped.reason;
  if (state.taken === 0 && input.ifEmpty !== undefined) stderr.write(`heddle: ${input.ifEmpty}\n`);
  return state.failures > 0 ? EXIT.failed : EXIT.done;
}

/** Without a total, the time left is unknown; the rest works. */
function ignore(): void {}

function countOf(results: number): string {
  return results === 1 ? '1 result is' : `${countText(results)} results are`;
}

function labelOf({ url, path }: Target): string {
  return path === 'default' ? url.slice(url.lastIndexOf('/') + 1) : path;
}
