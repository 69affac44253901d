/** Actions of greenlets, written once: run as generator greenlets and as async ones. */

import { test } from 'node:test';
import { type Greenlet, spawn, until } from 'heddle/coroutine';
import { HandClock, idle } from './hand-clock.js';

/** Waits by `yield operation`. */
export type Body<T = unknown> = Generator<any, T>;

export interface Kind {
  readonly name: string;
  /** Starts a body in a greenlet of this kind. */
  start<T>(body: () => Body<T>): Greenlet<T>;
}

const generator: Kind = {
  name: 'generators',
  start: (body) =>
    spawn(function* () {
      const steps = body();
      let step = steps.next();
      while (step.done !== true) {
        let value: unknown;
        try {
          value = yield* Symbol.iterator in step.value ? step.value : until(step.value);
        } catch (error) {
          step = steps.throw(error);
          continue;
        }
        step = steps.next(value);
      }
      return step.value;
    }),
};

const async: Kind = {
  name: 'async functions',
  start: (body) =>
    spawn(async () => {
      const steps = body();
      let step = steps.next();
      while (step.done !== true) {
        let value: unknown;
        try {
          value = await step.value;
        } catch (error) {
          step = steps.throw(error);
          continue;
        }
        step = steps.next(value);
      }
      return step.value;
    }),
};

export const kinds: readonly Kind[] = [generator, async];

export interface World extends Kind {
  readonly clock: HandClock;
}

/** A test in a greenlet of each kind, under a clock that is moved by hand. It ends when nothing of it is left. */
export function both(name: string, body: (world: World) => Body): void {
  for (const kind of kinds) {
    test(`${name} (${kind.name})`, async () => {
      using clock = new HandClock();
      await kind.start(() => body({ ...kind, clock }));
      await idle();
    });
  }
}
