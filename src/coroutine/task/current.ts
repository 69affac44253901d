/**
 * Which greenlet runs. A generator greenlet is known from step to step; what async functions do after an `await` is known by an
 * AsyncLocalStorage, which is there from the first of them on: before, it would cost for nothing.
 */

import type { AsyncLocalStorage } from 'node:async_hooks';
import { setOwnerOf, setScopeProvider } from '../../loop/index.ts';
import type { Activity } from './activity.ts';
import { keepLoopWithout, unnoticedStorage } from './context.ts';

/** The generator greenlet in its step, or the function that is being called. */
export let running: Activity | undefined;
let storage: AsyncLocalStorage<Activity> | undefined;
let main: Activity;

export function setMain(activity: Activity): void {
  main = activity;
}

export function setRunning(activity: Activity | undefined): Activity | undefined {
  const before = running;
  running = activity;
  return before;
}

/** What runs, if a greenlet does. */
export function runningActivity(): Activity | undefined {
  return running ?? storage?.getStore();
}

/** Finds the greenlet that is switched to by hand and runs inside of `running`. There as soon as one was made. */
let findSwitched: (() => Activity | undefined) | undefined;

export function setSwitchedProvider(find: () => Activity | undefined): void {
  findSwitched = find;
  setScopeProvider('switched', () => {
    const owner = currentOwner().innermost;
    return owner.switched === undefined ? undefined : owner;
  });
}

setScopeProvider('greenlet', () => {
  const scope = runningActivity()?.scope;
  return scope === main ? undefined : scope;
});

/** What runs; outside of all greenlets the main one's, which stands for the program. */
export function currentActivity(): Activity {
  return running ?? storage?.getStore() ?? main;
}

/** What uses `Local` fields and locks now: as `currentActivity`, or the greenlet that was switched to by hand inside of that. */
export function currentOwner(): Activity {
  return findSwitched?.() ?? currentActivity();
}

/** Whether it stands for the program itself. */
export function isMain(activity: Activity): boolean {
  return activity === main;
}

/** Whether async functions are followed: then every step has to say whose it is. */
export function isFollowing(): boolean {
  return storage !== undefined;
}

/** From now on they are followed. */
export function follow(): void {
  if (storage !== undefined) return;
  const made = unnoticedStorage<Activity>();
  storage = made;
  keepLoopWithout(made);
  setOwnerOf(() => (running ?? made.getStore())?.owner);
}

/** Runs a part of it, so that what it begins asynchronously knows whose it is. */
export function runAs<R>(activity: Activity, part: () => R): R {
  return storage === undefined ? part() : storage.run(activity, part);
}
