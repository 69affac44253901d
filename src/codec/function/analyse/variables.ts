/** Looks up a free variable of a function in its scopes, as the language would. */

import { SerializationError } from '../../../errors.ts';
import type { AnyFunction } from '../../courier.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import { isUninitialised } from '../inspect/frame-probe.ts';
import type { Inspection, Scope } from '../inspect/inspector.ts';
import { isGlobalName } from './names.ts';
import type { ScriptSyntax } from './script-syntax.ts';

export interface Found {
  readonly scope: Scope;
  readonly value: unknown;
}

/** Node 20's V8 reads a variable in its dead zone as `undefined`. */
const deadZoneReadsUndefined = Number.parseInt(process.versions.v8, 10) < 12;

const isGlobal = (scope: Scope): boolean => scope.description === 'Global';

export const isModuleScope = (scope: Scope): boolean => scope.description === 'Module';

/**
 * The variable `name` as `fn` sees it; `undefined` if it does not exist, or is a global of every Node.
 * @param path how errors call the variable: `worker → config`
 */
export function findVariable(
  inspection: Inspection,
  fn: AnyFunction,
  scopes: readonly Scope[],
  name: string,
  script: ScriptSyntax | undefined,
  path: string,
): Found | undefined {
  for (const scope of scopes) {
    if (isGlobal(scope)) break;
    if (!(name in scope.object)) continue;
    let value: unknown;
    try {
      value = scope.object[name];
    } catch {
      throw notInitialised(path);
    }
    if (value === undefined && deadZoneReadsUndefined && script?.lexical.has(name) === true && isUninitialised(inspection, fn, name)) {
      throw notInitialised(path);
    }
    return { scope, value };
  }
  const scope = scopes.find(isGlobal);
  if (scope === undefined || isGlobalName(name) || !(name in scope.object)) return undefined;
  return { scope, value: scope.object[name] };
}

const notInitialised = (path: string): SerializationError =>
  new SerializationError(`${path}: the variable is not initialised yet: ${functionRemedies.notInitialised}`);

/** The names that CommonJS gives every module, if `scope` is the function around one. */
export function isCommonJsScope({ object }: Scope): boolean {
  return 'require' in object || '__filename' in object || 'exports' in object;
}
