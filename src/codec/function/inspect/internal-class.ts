/** Which classes Node keeps to itself: `AbortError`, `SystemError`, undici's errors. No module exports them. */

import type { AnyFunction } from '../../courier.ts';
import { functionSyntax } from '../analyse/function-syntax.ts';
import { inspect, inspectorAvailable } from './inspector.ts';
import { nameOfFunction } from '../analyse/names.ts';
import { scriptOf } from '../analyse/script-syntax.ts';

const known = new WeakMap<AnyFunction, boolean>();

/** True if the code of a class stands in a script of Node's. */
export function isInternalClass(fn: AnyFunction): boolean {
  let found = known.get(fn);
  if (found === undefined) {
    found = standsInNode(fn);
    known.set(fn, found);
  }
  return found;
}

function standsInNode(fn: AnyFunction): boolean {
  if (!inspectorAvailable()) return false;
  const text = Function.prototype.toString.call(fn);
  try {
    const syntax = functionSyntax(text);
    return inspect(nameOfFunction(fn), (inspection) => {
      const script = scriptOf(inspection, inspection.facts(fn), text, syntax);
      return script?.url.startsWith('node:') === true;
    });
  } catch {
    // A class that cannot be read is refused where it is serialized, with the reason.
    return false;
  }
}
