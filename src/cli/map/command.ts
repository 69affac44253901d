/** `heddle map`: puts the parts together and says with which code to exit. */

import { relative } from 'node:path';
import { countText, Tracker } from '../../progress/index.ts';
import type { Input } from '../items/source.ts';
import { nearest, OutsideError, UsageError } from '../usage-error.ts';
import type { Finding, Target } from './apply.ts';
import type { Engine, EngineMaker } from './engine.ts';
import { Interrupt } from './interrupt.ts';
import { type ModuleRef, resolveModule } from './module.ts';
import type { MapOptions } from './options.ts';
import { openFile, Output } from './output.ts';
import { displayMode, Report } from './report.ts';
import { type RunState, runMap } from './run.ts';
import { findTsx, howToGetTsx, isReadByNode, isTypeScript } from './typescript.ts';

export const EXIT = { allDone: 0, someFailed: 1, usage: 2, interrupted: 130 } as const;

/** @throws UsageError before any item is read */
export async function mapCommand(options: MapOptions, makeEngine: EngineMaker): Promise<number> {
  const cwd = process.cwd();
  const module = resolveModule(options.module, cwd);
  const firstTry = targetFor(module, cwd);
  const input = await options.openInput();
  const engine = makeEngine({ kind: options.kind, jobs: options.jobs, chunkSize: options.chunkSize });
  const interrupt = new Interrupt();
  try {
    const target = await interrupt.orStop(checkedTarget(firstTry, module, engine, cwd));
    if (target === 'stopped') return EXIT.interrupted;
    return await mapItems(options, input, engine, target, interrupt);
  } finally {
    interrupt.close();
    input.close();
    engine.stop();
  }
}

async function mapItems(options: MapOptions, input: Input, engine: Engine, target: Target, interrupt: Interrupt): Promise<number> {
  const tracker = new Tracker();
  const { stderr, stdout, env } = process;
  stderr.on('error', () => {});
  const stream = options.out === undefined ? stdout : await openFile(options.out, input.file);
  const mode = displayMode(options.progress, stderr, env);
  const report = new Report(stderr, tracker, mode, labelOf(target));
  const shareTerminal = options.out === undefined && stdout.isTTY;
  const output = new Output(stream, options.out ?? 'standard output', shareTerminal ? (print) => report.around(print) : undefined);
  const state: RunState = { isStopped: false, taken: 0, failures: 0, written: 0 };
  const stop = (): void => {
    state.isStopped = true;
    input.close();
  };
  if (mode !== 'silent')
    void input.total().then(
      (total) => tracker.setTotal(total),
      () => {},
    );
  output.onGone(() => {
    stop();
    engine.stop();
  });
  interrupt.onStop(stop, () => engine.stop());
  const problem = await runMap({ input, engine, target, output, report, isUnordered: options.isUnordered }, state).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const unwritten = await output.end().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (!state.isStopped) await interrupt.orStop(engine.close());
  report.finish();
  if (interrupt.isStopped) {
    stderr.write(`heddle: interrupted; ${state.written === 1 ? '1 result is' : `${countText(state.written)} results are`} written\n`);
    return EXIT.interrupted;
  }
  const trouble = unwritten ?? (output.isGone ? undefined : problem);
  if (trouble !== undefined) {
    if (!(trouble.error instanceof OutsideError)) throw trouble.error;
    stderr.write(`heddle: ${trouble.error.message}\n`);
    return EXIT.someFailed;
  }
  if (state.taken === 0 && input.ifEmpty !== undefined) stderr.write(`heddle: ${input.ifEmpty}\n`);
  return state.failures > 0 ? EXIT.someFailed : EXIT.allDone;
}

function labelOf({ url, path }: Target): string {
  return path === 'default' ? url.slice(url.lastIndexOf('/') + 1) : path;
}

function targetFor({ url, file, exportPath }: ModuleRef, cwd: string): Target {
  const target = { url, path: exportPath, loaders: [] };
  if (file === null || !isTypeScript(file) || isReadByNode(file)) return target;
  const loaders = findTsx(file, cwd);
  if (loaders === undefined) throw new UsageError(howToGetTsx(relative(cwd, file)));
  return { ...target, loaders };
}

/** A worker has found the function; or the reason why not, in the user's words. */
async function checkedTarget(target: Target, module: ModuleRef, engine: Engine, cwd: string): Promise<Target> {
  const finding = await engine.find(target);
  if (finding.problem === 'none') return target;
  const isBeyondNode = finding.problem === 'import' && finding.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
  if (isBeyondNode && module.file !== null && target.loaders.length === 0) {
    // Enums and the like: Node only takes types away.
    const loaders = findTsx(module.file, cwd);
    if (loaders !== undefined) return checkedTarget({ ...target, loaders }, module, engine, cwd);
    throw new UsageError(
      `${finding.error}; Node only strips types: install tsx in this project (npm install --save-dev tsx) for enums and the like`,
    );
  }
  throw new UsageError(explain(finding, module, target, cwd));
}

function explain(finding: Exclude<Finding, { problem: 'none' }>, { file, url }: ModuleRef, { path }: Target, cwd: string): string {
  const name = file === null ? url : relative(cwd, file);
  if (finding.problem === 'import') return `cannot import ${name}: ${finding.error}`;
  const what =
    path === 'default'
      ? 'no function as its default export'
      : finding.found === 'undefined'
        ? `no export named ${path}`
        : `a ${finding.found} under ${path}, not a function`;
  const { functions } = finding;
  const meant = nearest(path, functions);
  const hint =
    meant !== undefined
      ? `did you mean ${name}#${meant}?`
      : functions.length === 0
        ? 'it exports no function'
        : `choose one: ${functions
            .slice(0, 8)
            .map((fn) => `${name}#${fn}`)
            .join(', ')}`;
  return `${name} has ${what}; ${hint}`;
}
