/**
 * Reads bindings at the entry of a function that are in no scope: an arrow function's lexical `this`, `arguments` and `new.target`, and
 * whether a variable is still uninitialised.
 *
 * The function is called with a breakpoint on its entry. The breakpoint's condition evaluates the expressions there and
 * then has the call terminated, before a default parameter or the body runs.
 */

import type { AnyFunction } from '../../courier.ts';
import type { Inspection } from './inspector.ts';
import { withDebugger } from './scripts.ts';

interface Sink {
  fn: AnyFunction;
  args: unknown[];
  put(name: string, value: unknown): void;
  stop(): void;
  [action: string]: unknown;
}

/** Stands for any argument: a parameter pattern can take it apart to any depth. */
const anyArgument: unknown = new Proxy(() => undefined, {
  get: (_, key): unknown =>
    key === Symbol.iterator ? (): Iterator<unknown> => ({ next: () => ({ done: false, value: anyArgument }) }) : anyArgument,
});

/**
 * Evaluates statements at the entry of `fn`. The statements receive the expression of a sink: `${$}.put('this', this)`.
 * @returns what was put, or `undefined` if the entry cannot be watched
 */
export function probeFrame(
  inspection: Inspection,
  fn: AnyFunction,
  statements: ($: string) => string,
  actions: Record<string, unknown> = {},
): Map<string, unknown> | undefined {
  const found = new Map<string, unknown>();
  let reached = false;
  const sink: Sink = {
    ...actions,
    fn,
    args: Array.from({ length: 16 }, () => anyArgument),
    put: (name, value) => void found.set(name, value),
    stop: () => {
      reached = true;
      inspection.post('Runtime.terminateExecution');
    },
  };
  const objectId = inspection.handle(fn);
  // A failing condition would let the body run: in a bare vm context the sink cannot be reached.
  const { result } = inspection.post<{ result: { value?: unknown } }>('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: 'function () { return typeof globalThis.process?.getBuiltinModule }',
  });
  if (result.value !== 'function') return undefined;
  withDebugger(inspection, () =>
    inspection.withValue(sink, ($) => {
      const { breakpointId } = inspection.post<{ breakpointId: string }>('Debugger.setBreakpointOnFunctionCall', {
        objectId,
        // A statement may throw, such as an assignment to a const: the body must not run.
        condition: `try { ${statements($)} } catch {} ${$}.stop(); false`,
      });
      try {
        inspection.post('Runtime.evaluate', {
          expression: `(() => { const { fn, args } = ${$}; return /^class\\b/.test(Function.prototype.toString.call(fn)) ? Reflect.construct(fn, args) : Reflect.apply(fn, undefined, args) })()`,
        });
      } catch (error) {
        if (!reached) throw error;
      } finally {
        inspection.post('Debugger.removeBreakpoint', { breakpointId });
      }
    }),
  );
  return reached ? found : undefined;
}

/** True if `name`, which reads `undefined`, is in its dead zone. Only Node 20 needs this check: later versions throw at the read. */
export function isUninitialised(inspection: Inspection, fn: AnyFunction, name: string): boolean {
  const found = probeFrame(inspection, fn, ($) => `try { ${name}; ${$}.put('set', true) } catch { ${$}.put('set', false) }`);
  return found?.get('set') === false;
}

/** True if the variable `name` that two functions see is one variable: a mark put into the one shows in the other. */
export function isSameVariable(inspection: Inspection, name: string, one: AnyFunction, read: () => unknown): boolean {
  const mark = {};
  let same = false;
  const compare = (): void => {
    same = read() === mark;
  };
  const statements = ($: string): string => {
    const before = `${$}.before`;
    return `${before} = ${name}; ${name} = ${$}.mark; try { ${$}.compare() } finally { ${name} = ${before} }`;
  };
  probeFrame(inspection, one, statements, { mark, compare, before: undefined });
  return same;
}
