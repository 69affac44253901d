/**
 * In whose name code runs: what an `RLock` belongs to, and may be entered again by. The innermost of these that there is:
 *
 *    run        the callback of `rlock.run`               registered by the sync layer, with the first such call
 *    switched   the greenlet that was switched to by hand  by src/coroutine, when that is loaded
 *    greenlet   the greenlet that runs                    by src/coroutine, too
 *    task       the pool's task                           by src/worker
 *    main       the main program of this thread           always there
 *
 * Each scope is a separate object. Nothing here switches an `AsyncLocalStorage` on: a provider has one anyway, or none.
 */

/** Says what runs now; undefined if it is nothing of that kind. */
type Find<Scope> = () => Scope | undefined;

/** Undefined as long as there is nothing of that kind: then the main program is known without a call. */
let findSwitched: Find<object> | undefined;
let findGreenlet: Find<object> | undefined;
let findTask: Find<object> | undefined;
let findRun: Find<RunScope> | undefined;

/** The main program of this thread. */
const main: object = Object.freeze({});

/** The callback of one `rlock.run`. To be made where that is called. */
export class RunScope {
  readonly #switched: object | undefined = findSwitched?.();
  /** Also around a greenlet that was switched to: what the callback does after an `await` is that one's. */
  readonly #greenlet: object | undefined = findGreenlet?.();
  /** The enclosing scope. An ended one does not count: code that it left behind may make the next, and so on. */
  readonly outer: object;
  isEnded = false;

  constructor() {
    let outer = currentScope();
    while (outer instanceof RunScope && outer.isEnded) ({ outer } = outer);
    this.outer = outer;
  }

  /** A greenlet that was spawned inside of the callback finds this, too: it is a scope of its own. */
  isOutside(switched: object | undefined, greenlet: object | undefined): boolean {
    if (switched !== undefined) return switched !== this.#switched;
    return greenlet !== undefined && greenlet !== this.#greenlet;
  }
}

export function setScopeProvider(kind: 'run', find: Find<RunScope>): void;
export function setScopeProvider(kind: 'switched' | 'greenlet' | 'task', find: Find<object>): void;
/** Registers the function that finds the running scope of a kind. */
export function setScopeProvider(kind: 'run' | 'switched' | 'greenlet' | 'task', find: Find<any>): void {
  if (kind === 'run') findRun = find;
  else if (kind === 'switched') findSwitched = find;
  else if (kind === 'greenlet') findGreenlet = find;
  else findTask = find;
}

/** The innermost scope. The same object for as long as that lasts. */
export function currentScope(): object {
  const switched = findSwitched?.();
  const greenlet = findGreenlet?.();
  const run = findRun?.();
  if (run !== undefined && !run.isOutside(switched, greenlet)) return run;
  return switched ?? greenlet ?? findTask?.() ?? main;
}

/** True if it is the current scope, or encloses it: `a.run(() => b.run(() => …))` is inside of both. */
export function isInside(scope: object): boolean {
  let at = currentScope();
  while (at !== scope) {
    if (!(at instanceof RunScope)) return false;
    at = at.outer;
  }
  return true;
}
