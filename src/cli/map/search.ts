/** Finds the function that the user named, by asking a worker for it before any item is read. */

import { relative } from 'node:path';
import { BrokenExecutor } from '../../errors.ts';
import { nearest, OutsideError, UsageError } from '../usage-error.ts';
import type { Finding, Target } from './apply.ts';
import { describeError } from './describe-error.ts';
import type { Engine } from './engine.ts';
import { type ModuleRef, resolveModule } from './module.ts';
import { findTsx, howToGetTsx, isBeyondNode, isReadByNode, isTypeScript } from './typescript.ts';

export interface Found {
  readonly target: Target;
  /** An engine whose workers can import the target. */
  readonly engine: Engine;
}

export class Search {
  readonly #module: ModuleRef;
  readonly #cwd: string;
  readonly #name: string;
  #loaders: readonly string[] = [];

  /** @throws UsageError if it is plain without a worker that the module cannot be loaded */
  constructor(word: string, cwd: string) {
    this.#cwd = cwd;
    this.#module = resolveModule(word, cwd);
    const { file, url } = this.#module;
    this.#name = file === null ? url : relative(cwd, file);
    if (file === null || !isTypeScript(file) || isReadByNode(file)) return;
    const loaders = findTsx(file, cwd);
    if (loaders === undefined) throw new UsageError(howToGetTsx(this.#name));
    this.#loaders = loaders;
  }

  /** @throws UsageError saying why the function cannot be had */
  async run(start: () => Engine, hasBar: boolean): Promise<Found> {
    const { url, exportPath: path, file } = this.#module;
    const target = { url, path, loaders: this.#loaders, hasBar };
    const engine = start();
    const finding = await engine.find(target).catch(findingOf);
    if (finding.problem === 'none') return { target, engine };
    engine.stop();
    if (finding.problem === 'export') throw new UsageError(explainExport(finding, this.#name, path));
    const isForTsx = file !== null && this.#loaders.length === 0 && isBeyondNode(file, finding.code);
    const loaders = isForTsx ? findTsx(file, this.#cwd) : undefined;
    if (loaders !== undefined) {
      // In other workers: these remember that it could not be imported.
      this.#loaders = loaders;
      return this.run(start, hasBar);
    }
    const hint =
      finding.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
        ? '; for more than types, install tsx in this project (npm install --save-dev tsx)'
        : '';
    throw new UsageError(`cannot import ${this.#name}: ${finding.error}${hint}`);
  }
}

/** The worker did not answer: the module ended it, or no worker started. */
function findingOf(error: unknown): Finding {
  if (error instanceof BrokenExecutor) {
    const why = (error.cause as Error | undefined)?.message ?? error.message;
    throw new OutsideError(`cannot start workers: ${why}; heddle doctor says more`);
  }
  return { problem: 'import', error: describeError(error), code: null };
}

function explainExport({ found, functions }: Extract<Finding, { problem: 'export' }>, name: string, path: string): string {
  const missing = path === 'default' ? 'no function as its default export' : `no export named ${path}`;
  const what = found === 'undefined' || path === 'default' ? missing : `a ${found} under ${path}, not a function`;
  return `${name} has ${what}; ${hintAt(functions, name, path)}`;
}

function hintAt(functions: readonly string[], name: string, path: string): string {
  if (functions.length === 0) return 'it exports no function';
  const meant = nearest(path, functions);
  if (meant !== undefined) return `did you mean ${name}#${meant}?`;
  const choices = functions.slice(0, 8).map((fn) => `${name}#${fn}`);
  return `choose one: ${choices.join(', ')}`;
}
