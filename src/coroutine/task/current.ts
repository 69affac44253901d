/**
 * The greenlet that runs. A generator greenlet is known from step to step. The owner of code after an `await` is known by an
 * `AsyncLocalStorage`. The storage is made for the first async function, as it costs time.
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

/** The activity that runs, if it is a greenlet. */
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

/** The activity that runs. Outside of all greenlets, this is the main one, which stands for the program. */
export function currentActivity(): Activity {
  return running ?? storage?.getStore() ?? main;
}

/** The owner of `Local` fields and locks now: `currentActivity`, or the greenlet that was switched to by hand inside of it. */
export function currentOwner(): Activity {
  return findSwitched?.() ?? currentActivity();
}

/** True if the activity stands for the program itself. */
export function isMain(activity: Activity): boolean {
  return activity === main;
}

/** True if async functions are followed: then every step must set its owner. */
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
