/**
 * An object whose fields each thread has for itself.
 *
 *   here     new ThreadLocal(init) ── id, init ──▶ message (codec/kinds/thread-locals.ts)
 *   there    the object of that id, or a new one; its fields are made by `init` when they are first touched
 *
 * Threads and processes share nothing of it: the fields of a thread are ordinary objects of that thread.
 */

import { type FieldRecipe, type LocalClass, type LocalFamily, localFamily, showFields } from './local-fields.ts';

const recipes = new WeakMap<object, FieldRecipe>();

const family: LocalFamily = localFamily(
  () => Base,
  () => {
    let fields: object | undefined;
    return { get: () => fields, set: (made) => void (fields = made) };
  },
  (object, recipe) => void recipes.set(object, recipe),
);

/** The type of `ThreadLocal`: its instances have the fields that the factory makes. */
export interface ThreadLocalConstructor {
  /** Makes the object. @param init makes the fields that a thread begins with; default none */
  new <T extends object = Record<string, any>>(init?: () => T): ThreadLocal<T>;
  /** For subclasses: what their constructors were given. */
  new <T extends object = Record<string, any>>(...args: unknown[]): ThreadLocal<T>;
  /** For `instanceof` and subclasses. */
  readonly prototype: object;
}

/** An object with the fields of `T`, of which each thread sees its own. */
export type ThreadLocal<T extends object = Record<string, any>> = T;

/**
 * An object whose fields each thread has for itself: a value that one thread sets is invisible to others. The object may travel, as an
 * argument, a capture, a part of a value or a result, to threads and to processes. Where it arrives twice, it is the same object.
 *
 * A thread's fields are made when it first touches the object: none, or those of the object that `init` returns. `init` travels as any function: what
 * it captures, a thread has as it was when the object first came there. Of a subclass, the constructor runs again in each thread, with the
 * arguments that it gave to `super`; its methods work on the fields of the thread that calls them.
 *
 * Fields live as long as their thread and the object. A worker of a pool keeps its fields between tasks, those of the 256 objects that came to it last.
 *
 * @throws TypeError if `init` is given and no function
 *
 * Source: threading.local
 *
 * @example
 * ```ts
 * import { Thread, ThreadLocal } from 'heddle';
 *
 * const local = new ThreadLocal(() => ({ count: 0 }));
 * local.count = 5;
 * const thread = new Thread({
 *   target: () => {
 *     local.count += 1;
 *     console.log(local.count);
 *   },
 * });
 * await thread.start().join(); // prints: 1
 * console.log(local.count); // prints: 5
 * ```
 */
export const ThreadLocal: ThreadLocalConstructor = class {
  static {
    showFields(this);
  }

  constructor(...args: unknown[]) {
    // oxlint-disable-next-line no-constructor-return -- the object itself has no fields
    return family.construct(new.target, args);
  }
};
const Base = ThreadLocal as LocalClass;

/** Returns the way to make the fields of a `ThreadLocal`; undefined for any other object. `Class` is undefined for `ThreadLocal` itself. */
export function recipeOf(object: object): { readonly Class: LocalClass | undefined; readonly args: readonly unknown[] } | undefined {
  const recipe = recipes.get(object);
  return recipe === undefined ? undefined : { ...recipe, Class: recipe.Class === Base ? undefined : recipe.Class };
}

/** A `ThreadLocal` that comes to this thread: it can be referred to at once, and used when it has been completed. */
export function arriveLocal(): {
  readonly object: object;
  readonly complete: (Class: LocalClass | undefined, args: readonly unknown[]) => void;
} {
  let recipe: FieldRecipe = { Class: Base, args: [] };
  const { object, setClass } = family.revive(() => recipe);
  return {
    object,
    complete: (Class = Base, args) => {
      recipe = { Class, args };
      setClass(Class);
      recipes.set(object, recipe);
    },
  };
}
