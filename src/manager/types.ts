/** The types of proxies, made from those of the objects. */

type AnyMethod = (...args: any[]) => unknown;

/** Blocking forms of the class itself give way to those of the proxy. */
type IsTwin<T, K> = K extends `${infer M}Sync` ? (M extends keyof T ? true : false) : false;

/** Names of methods, but for `then`: a proxy is never thenable. */
type MethodsOf<T> = {
  [K in keyof T]: K extends 'then'
    ? never
    : K extends string
      ? IsTwin<T, K> extends true
        ? never
        : T[K] extends AnyMethod
          ? K
          : never
      : never;
}[keyof T];
type PropertiesOf<T> = { [K in keyof T]: K extends string ? (T[K] extends AnyMethod ? never : K) : never }[keyof T];
type Result<M> = M extends (...args: any[]) => infer R ? R : never;

/** The result of a call: that of the object, or for an iterator a proxy that can be iterated over. */
type Given<R> = R extends AsyncIterator<infer V> | Iterator<infer V> ? AsyncIterable<V> : Awaited<R>;

type AsyncForms<T> = { readonly [K in MethodsOf<T>]: (...args: Parameters<Extract<T[K], AnyMethod>>) => Promise<Given<Result<T[K]>>> };
type SyncForms<T> = { readonly [K in MethodsOf<T> as `${K}Sync`]: (...args: Parameters<Extract<T[K], AnyMethod>>) => Given<Result<T[K]>> };
type AsyncProperties<T> = { readonly [K in PropertiesOf<T>]: Promise<T[K]> };
type SyncProperties<T> = { [K in PropertiesOf<T> as `${K}Sync`]: T[K] };
type Iteration<T> = T extends Iterable<infer V> | AsyncIterable<infer V> ? AsyncIterable<V> : unknown;

/** The argument of the function of `pipeline`: the methods of the object, whose calls are recorded. */
export type Recorder<T> = { readonly [K in MethodsOf<T>]: (...args: Parameters<Extract<T[K], AnyMethod>>) => void };

/** Several calls in one message. */
interface Pipelines<T> {
  /** Makes the calls that `record` makes of the object it is given, in one message. Gives their results in order; the first that fails ends it. */
  pipeline(record: (calls: Recorder<T>) => void): Promise<unknown[]>;
  /** As `pipeline`, and blocks the thread. */
  pipelineSync(record: (calls: Recorder<T>) => void): unknown[];
}

/**
 * Stands for an object of type `T` that a manager keeps. Each method `m` gives a promise, and has a twin `mSync` that blocks the thread. A property `p` is a
 * promise, and `pSync` can be read and set. Functions that are arguments run at the manager, unless `callback` has marked them.
 */
export type Proxy<T> = AsyncForms<T> & SyncForms<T> & AsyncProperties<T> & SyncProperties<T> & Iteration<T> & Pipelines<T>;
