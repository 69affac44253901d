/**
 * The wait for the end of a `TaskGroup`. No greenlet outlives the group: a waiter that is thrown out, or has waited too long, kills the
 * greenlets and resumes only when they have ended.
 */

import { Shielded, type Wait, type WaitOptions } from '../../loop/index.ts';
import { GreenletExit } from '../task/greenlet-exit.ts';
import type { Children } from './children.ts';

/** The most greenlets that a description names. */
const NAMED = 3;

export class ScopeEnd<T> extends Shielded<T> {
  readonly #children: Children;
  readonly #hasBody: boolean;
  readonly #makeValue: () => T;
  #hasErrors = false;
  /** Why it was to end earlier. */
  #reason: { readonly error: unknown } | undefined = undefined;

  constructor(children: Children, hasBody: boolean, makeValue: () => T, options: number | WaitOptions | undefined) {
    super();
    this.#children = children;
    this.#hasBody = hasBody;
    this.#makeValue = makeValue;
    children.ends.push(this);
    this.look();
    this.limit(options);
  }

  describe(): string {
    const names = Array.from(this.#children.living, (one) => one.greenlet.name);
    if (names.length === 0) return this.#children.describeBody();
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return `the end of ${names.slice(0, NAMED).join(', ')}${more} in a TaskGroup`;
  }

  protected override interrupted(error: unknown): void {
    this.#reason = { error };
    this.#children.cancel(error);
    this.look();
  }

  /** Completes the wait if all have ended. */
  look(): void {
    if (this.#children.living.size > 0 || (this.#hasBody && !this.#children.isBodyEnded)) return;
    this.#children.isOver = true;
    const errors = this.#errors();
    if (errors.length > 0) {
      this.#hasErrors = true;
      this.fail(errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} errors in a TaskGroup`));
      return;
    }
    try {
      this.settle(this.#makeValue());
    } catch (error) {
      this.fail(error);
    }
  }

  /** A kill that comes when the errors are on their way does not hide them either. */
  override thrownOut(error: unknown): IteratorResult<Wait, T> {
    return this.#hasErrors ? this.node.next() : super.thrownOut(error);
  }

  /** An error is more than a kill: that one has what it wanted. Source: asyncio.TaskGroup.__aexit__ */
  #errors(): unknown[] {
    const { errors } = this.#children;
    if (this.#reason === undefined) return errors;
    const { error } = this.#reason;
    if (errors.length > 0 && (error instanceof GreenletExit || errors.includes(error))) return errors;
    return [error, ...errors];
  }
}
