/**
 * Runs parts of the loop outside of any `AsyncLocalStorage` context. The loop's microtasks and timers are started by whichever call comes
 * first, and must not inherit the context of that call. Modules that follow contexts install the function that runs a part without one.
 */

let run: ((part: () => void) => void) | undefined;

export function setWithoutContext(runWithout: (part: () => void) => void): void {
  run = runWithout;
}

export function withoutContext(part: () => void): void {
  if (run === undefined) part();
  else run(part);
}
