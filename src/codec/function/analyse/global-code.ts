/**
 * Functions directly in the global scope: the products of `new Function`, `eval` and `vm`. Each has its own script, and asking for a script
 * costs milliseconds, because V8 then reports all scripts. Such a function needs none: there is no variable that its script could assign,
 * and its place is looked up when an error comes home. Functions of CommonJS files may look the same; those are read once, and keep their
 * file.
 */

import type { AnyFunction } from '../../courier.ts';
import { isExported } from '../serialize/exported-functions.ts';
import { usesOuterWords } from './free-variables.ts';
import type { FunctionSyntax } from './function-syntax.ts';
import type { FunctionFacts } from '../inspect/inspector.ts';
import type { Capture } from '../serialize/message.ts';
import { isGlobalName } from './names.ts';
import { isMadeAtRunTime } from '../inspect/scripts.ts';
import { strictnessOf } from './strictness.ts';

/** Strictness of code that is known well enough without its script; `undefined` if the script has to be read. */
export function strictWithoutScript(
  fn: AnyFunction,
  text: string,
  syntax: FunctionSyntax,
  facts: FunctionFacts,
  capture: Capture,
): boolean | undefined {
  // Of the other functions in a message no error says whose frames are in it.
  if (facts.location === undefined || !isMadeAtRunTime(facts.location.scriptId)) return undefined;
  if (!capture.isAtRoot || syntax.form !== 'expression' || !isPlain(text, syntax) || isExported(fn)) return undefined;
  const globals = facts.scopes[0]?.object ?? {};
  // A global of the program's own may be shared with other functions of the message.
  for (const name of syntax.free.names.keys()) if (!isGlobalName(name) && name in globals) return undefined;
  return strictnessOf(fn, text, syntax);
}

/** True if the code uses no word that its place gives a meaning to. */
function isPlain(text: string, { free, isArrow, ownName }: FunctionSyntax): boolean {
  if (usesOuterWords(free, isArrow)) return false;
  // Inside, the name of a function declaration is a variable that anything may assign.
  return ownName === undefined || text.indexOf(ownName) === text.lastIndexOf(ownName);
}
