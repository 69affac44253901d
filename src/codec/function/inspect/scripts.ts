/**
 * Reads a script by V8's id: its URL and its source.
 *
 * V8 reports both only while the Debugger domain is enabled. The first time costs some 15 ms, a later one 2 ms. Callers therefore keep the
 * facts of a script (see script-syntax.ts), not the script.
 */

import { modulesNow, sameModules } from '../serialize/exported-functions.ts';
import type { Inspection } from './inspector.ts';

export interface Script {
  readonly id: string;
  /** `file:` URL or path as V8 has it; empty for code made at run time. */
  readonly url: string;
  readonly sourceMapURL: string;
  readonly isModule: boolean;
  readonly source: string;
  /** Where the source stands in its file: scripts can be compiled as if they began further down. */
  readonly startLine: number;
  readonly startColumn: number;
}

interface ScriptParsed {
  readonly startLine?: number;
  readonly startColumn?: number;
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL?: string;
  readonly isModule?: boolean;
}

/** True when V8 has hashed the scripts of this thread, so that asking the debugger costs little. */
export let isDebuggerCheap = false;

/** Runs `use` while the Debugger domain is on, and leaves it off. */
export function withDebugger<T>(inspection: Inspection, use: () => T): T {
  isDebuggerCheap = true;
  inspection.post('Debugger.enable');
  try {
    return use();
  } finally {
    inspection.post('Debugger.disable');
  }
}

/** The last time that V8 told of all scripts: its ids grow. */
let looked: { readonly newest: number; readonly modules: ReturnType<typeof modulesNow> } | undefined;

/**
 * True for a script that came after the last look, when no module has been loaded since: code made at run time. Only for
 * functions outside of ES modules, whose loading nothing shows.
 */
export function isMadeAtRunTime(id: string): boolean {
  return looked !== undefined && Number(id) > looked.newest && sameModules(looked.modules, modulesNow());
}

export function readScript(inspection: Inspection, id: string): Script {
  let parsed: ScriptParsed | undefined;
  let newest = 0;
  const modules = modulesNow();
  const learn = (script: ScriptParsed): void => {
    newest = Math.max(newest, Number(script.scriptId));
    if (script.scriptId === id) parsed = script;
  };
  return inspection.listening('Debugger.scriptParsed', learn, () =>
    withDebugger(inspection, () => {
      looked = { newest, modules };
      const { scriptSource } = inspection.post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId: id });
      return {
        id,
        url: parsed?.url ?? '',
        sourceMapURL: parsed?.sourceMapURL ?? '',
        isModule: parsed?.isModule ?? false,
        source: scriptSource,
        startLine: parsed?.startLine ?? 0,
        startColumn: parsed?.startColumn ?? 0,
      };
    }),
  );
}
