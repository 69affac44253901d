/** The interface of `waitReady` to objects of any layer: whether a call would end now, and a callback for that. */

/** Method on the prototype of a class whose instances can be waited for. */
const readiness: unique symbol = Symbol('readiness');

export interface Readiness {
  /** @throws what a wait for the object would throw: it was not started, or is closed */
  isReady(): boolean;
  /** Calls back once it is ready, or fails. Takes nothing. Returns what ends that. */
  watch(ready: (error?: unknown) => void): () => void;
}

/** Has the instances of a class waited for. */
export function giveReadiness<O extends object>(Class: { readonly prototype: O }, of: (object: O) => Readiness): void {
  Object.defineProperty(Class.prototype, readiness, {
    value(this: O): Readiness {
      return of(this);
    },
  });
}

/** Undefined for an object that cannot be waited for. */
export function readinessOf(object: unknown): Readiness | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  return (object as { readonly [readiness]?: () => Readiness })[readiness]?.();
}
