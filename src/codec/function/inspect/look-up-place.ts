/** The place of a function in its file, read by the inspector: for `origin-place.ts`. */

import type { AnyFunction } from '../../courier.ts';
import { functionSyntax } from '../analyse/function-syntax.ts';
import { inspect, inspectorAvailable } from './inspector.ts';
import type { FilePlace } from './origin-place.ts';
import { placeOf } from '../analyse/place.ts';
import { scriptOf } from '../analyse/script-syntax.ts';
import { stackFile } from './stack.ts';

export function lookUpPlace(fn: AnyFunction): FilePlace | undefined {
  if (!inspectorAvailable()) return undefined;
  try {
    return inspect('a function', (inspection) => {
      const facts = inspection.facts(fn);
      const text = Function.prototype.toString.call(fn);
      const syntax = functionSyntax(text);
      const script = scriptOf(inspection, facts, text, syntax);
      if (facts.location === undefined || script === undefined) return undefined;
      const { line, column } = placeOf(text, syntax, script, facts.location);
      const file = stackFile(script);
      return { file: file === '' ? 'heddle:function' : file, line, column };
    });
  } catch {
    // A stack trace with a mark in it is better than no outcome.
    return undefined;
  }
}
