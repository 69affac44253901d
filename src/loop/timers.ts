/**
 * Everything that happens at a time: a heap of moments, the earliest on top, and one alarm of the clock for it.
 *
 * A heap of four children a node (Johnson's d-ary heap): half as deep as a binary one, and the children lie side by side. Each
 * entry knows its place, so that one of a million is taken out without a search.
 */

import { type Clock, systemClock } from './clock.ts';
import { withoutContext } from '../no-context.ts';

export interface Timed {
  /** When it expires, by the clock. */
  at: number;
  /** The index in the heap; -1 while the timer is in none. */
  place: number;
  /** Among equal times the first comes first. */
  seq: number;
  expire(): void;
}

let clock: Clock = systemClock;
const heap: Timed[] = [];
let count = 0;
/** The time that the alarm is set to; `Infinity` while it is off. */
let armedFor = Infinity;

export function now(): number {
  return clock.now();
}

/** @param ms from now; Infinity is never */
export function addTimer(timed: Timed, ms: number): void {
  if (ms === Infinity) return;
  timed.at = clock.now() + Math.max(ms, 0);
  timed.seq = count++;
  rise(timed, heap.length);
  if (timed.at < armedFor) arm(timed.at);
}

export function removeTimer(timed: Timed): void {
  const { place } = timed;
  if (place === -1) return;
  timed.place = -1;
  const last = heap.pop()!;
  if (last !== timed) {
    if (isBefore(last, timed)) rise(last, place);
    else sink(last, place);
  }
  // An alarm that fires too early is harmless. One without a waiter would keep the program alive.
  if (heap.length === 0) {
    clock.disarm();
    armedFor = Infinity;
  }
}

function arm(time: number): void {
  armedFor = time;
  clock.arm(time, alarm);
}

function alarm(): void {
  withoutContext(fire);
}

/** Fires the timers of this moment only. Timers added meanwhile fire with the next alarm, so that no timer can block the loop. */
function fire(): void {
  armedFor = Infinity;
  const time = clock.now();
  const last = count;
  for (let first = heap[0]; first !== undefined && first.at <= time && first.seq < last; first = heap[0]) {
    removeTimer(first);
    first.expire();
  }
  if (heap.length > 0) arm(heap[0]!.at);
}

const isBefore = (a: Timed, b: Timed): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq);

function rise(timed: Timed, place: number): void {
  while (place > 0) {
    const above = (place - 1) >> 2;
    const parent = heap[above]!;
    if (!isBefore(timed, parent)) break;
    heap[place] = parent;
    parent.place = place;
    place = above;
  }
  heap[place] = timed;
  timed.place = place;
}

function sink(timed: Timed, place: number): void {
  for (;;) {
    const first = place * 4 + 1;
    if (first >= heap.length) break;
    let least = first;
    for (let i = first + 1; i < first + 4 && i < heap.length; i += 1) if (isBefore(heap[i]!, heap[least]!)) least = i;
    const child = heap[least]!;
    if (!isBefore(child, timed)) break;
    heap[place] = child;
    child.place = place;
    place = least;
  }
  heap[place] = timed;
  timed.place = place;
}

/** Replaces the clock and returns the previous one. Each waiting timer keeps its remaining time. */
export function replaceClock(next: Clock): Clock {
  const before = clock;
  const shift = next.now() - before.now();
  before.disarm();
  armedFor = Infinity;
  clock = next;
  for (const timed of heap) timed.at += shift;
  if (heap.length > 0) arm(heap[0]!.at);
  return before;
}
