/** Where a map takes its items from: an iterable, or several at once (zipped; the shortest ends), each of them sync or async. */

import { expected } from '../../check.ts';
import { type ClosableIterator, isIterable, iteratorOf, resultOf } from '../../iteration.ts';
import { Operation, type Wait } from '../../loop/index.ts';
import { until } from '../wait/until.ts';
import { isThenable } from '../../thenable.ts';
import { TypeError } from '../../refusals.ts';

/** The source of a map. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

export type Args = readonly unknown[];
/** The arguments of the next call; undefined at the end; a generator if the caller must wait for them. */
export type Taken = Args | undefined | Generator<Wait, Args | undefined>;
type Pulled = IteratorResult<unknown, unknown>;

/** Takes `(xs, ys, …, options?)` apart: the last may be options, which cannot be iterated over. */
export function splitOptions<O>(rest: readonly unknown[]): { iterables: readonly unknown[]; options: O | undefined } {
  const last = rest.at(-1);
  const hasOptions = rest.length > 1 && !isIterable(last);
  return hasOptions ? { iterables: rest.slice(0, -1), options: last as O } : { iterables: rest, options: undefined };
}

export class Source {
  readonly #iterators: readonly ClosableIterator<unknown>[];
  /** Said that they are at their end: there is nothing to close. */
  readonly #atEnd: Set<ClosableIterator<unknown>> = new Set();
  /** Was asked for its next item, and has not answered. */
  #asked: ClosableIterator<unknown> | undefined;

  /** @throws TypeError if one of them is not iterable */
  constructor(iterables: readonly unknown[]) {
    if (iterables.length === 0) throw new TypeError(expected('items', 'an iterable', undefined));
    for (const [i, each] of iterables.entries())
      if (!isIterable(each)) throw new TypeError(expected(iterables.length === 1 ? 'items' : `items ${i + 1}`, 'an iterable', each));
    this.#iterators = iterables.map((each) => iteratorOf(each as Items<unknown>, 'items'));
  }

  next(): Taken {
    const args: unknown[] = [];
    for (const iterator of this.#iterators) {
      const answer = iterator.next();
      if (isThenable(answer)) return this.#goOn(args, answer);
      const pulled = resultOf(answer, 'items');
      if (pulled.done === true) return this.#end(iterator);
      args.push(pulled.value);
    }
    return args;
  }

  *#goOn(args: unknown[], answer: Pulled | PromiseLike<Pulled>): Generator<Wait, Args | undefined> {
    for (;;) {
      const iterator = this.#iterators[args.length]!;
      const pulled = resultOf(isThenable(answer) ? yield* this.#wait(iterator, answer) : answer, 'items');
      if (pulled.done === true) return this.#end(iterator);
      args.push(pulled.value);
      if (args.length === this.#iterators.length) return args;
      answer = this.#iterators[args.length]!.next();
    }
  }

  *#wait(iterator: ClosableIterator<unknown>, answer: PromiseLike<Pulled>): Generator<Wait, Pulled> {
    // A killed greenlet leaves an operation; a promise cannot be left and still resolves.
    if (!(answer instanceof Operation)) this.#asked = iterator;
    const pulled = yield* until(answer);
    this.#asked = undefined;
    return pulled;
  }

  #end(iterator: ClosableIterator<unknown>): undefined {
    this.#atEnd.add(iterator);
    return undefined;
  }

  /** Tells all that are not at their end that no more will be taken. */
  *close(): Generator<Wait, void> {
    const errors: unknown[] = [];
    for (const iterator of this.#iterators) {
      if (this.#atEnd.has(iterator)) continue;
      this.#atEnd.add(iterator);
      try {
        if (iterator === this.#asked) {
          // The iterator may answer only when it has an item: its answer is not awaited.
          const closed = iterator.interrupt();
          if (isThenable(closed)) closed.then(undefined, ignore);
        } else {
          const closed = iterator.close();
          if (isThenable(closed)) yield* until(closed);
        }
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

const ignore = (): void => {};
