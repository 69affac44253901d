// The common part of scenarios of coroutines.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, median } from '../measure.mjs';

/**
 * Milliseconds of processor time that `work` took, all threads of the process: coroutines are one thread that always has something to do, so
 * that this is the time by the clock on a machine that does nothing else, and nearly the same on one that does.
 */
export async function spent(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * How many times a second `work` does its thing: `work(count)` does it `count` times and says how many times it did. The count grows until a
 * run takes a while, which warms it up, too; then the middle of a few runs counts.
 */
export async function rate(work, quick, clock = spent) {
  const msFor = async (count) => {
    let did;
    const ms = await clock(async () => {
      did = await work(count);
    });
    expect(did, count, 'how often it was done');
    return ms;
  };
  let count = 100;
  while ((await msFor(count)) < (quick ? 50 : 150)) count *= 2;
  const results = [];
  for (let i = 0; i < (quick ? 1 : 3); i++) results.push(((2 * count) / (await msFor(2 * count))) * 1000);
  return median(results);
}

/** The rate of each of these functions, if the peer has it. */
export async function rates(works, quick) {
  const figures = {};
  for (const [key, work] of Object.entries(works)) if (work) figures[key] = await rate(work, quick);
  return { figures };
}

/** Returns the note on a peer that does fewer. */
export const notesOn = (number, count) => (number === count ? [] : [`timed over ${number.toLocaleString('en-US')}`]);

/** Collects the garbage, so that no peer pays for another's and the rest is what is held. */
export function collectGarbage() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  gc();
  gc();
}
