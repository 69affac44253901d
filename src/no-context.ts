/**
 * The loop is nobody's: its microtasks and timers are begun by whoever happens to be the first, and must not go on in that one's
 * `AsyncLocalStorage` context. Those who follow contexts say how to run a part without any.
 */

let run: ((part: () => void) => void) | undefined;

export function setWithoutContext(runWithout: (part: () => void) => void): void {
  run = runWithout;
}

export function withoutContext(part: () => void): void {
  if (run === undefined) part();
  else run(part);
}
