/**
 * The places where greenlets were spawned, for reports. Reading the stack takes 2 µs, as long as all the rest of a short greenlet. Of a
 * burst only the first ones are recorded. The others are reported with the place of the last recorded one.
 */

import { whileSet } from '../../stack-frames.ts';
import { drains } from '../../loop/index.ts';

/** The most records in each turn of the ready queue. */
const RECORDED = 100;
const DEPTH = 4;

let turn = -1;
let recorded = 0;
let last: SpawnSite | undefined;

export interface SpawnSite {
  readonly stack?: string;
}

/** @param above the function whose caller is the place */
export function recordSite(above: (...args: any[]) => unknown): SpawnSite | undefined {
  if (drains !== turn) {
    turn = drains;
    recorded = 0;
  }
  if (recorded === RECORDED) return undefined;
  recorded += 1;
  const site: SpawnSite = {};
  whileSet('stackTraceLimit', DEPTH, () => Error.captureStackTrace(site, above));
  last = site;
  return site;
}

/** `file:///…/main.js:12:3`, with the function's name where it has one. */
export function describeSite(site: SpawnSite | undefined): string {
  const [place] = framesOf(site ?? last);
  if (place === undefined) return 'spawned at an unknown place';
  return site === undefined ? `spawned in a burst, probably at ${place}` : `spawned at ${place}`;
}

/** The first line of a stack says what was thrown; here it is nothing. */
function framesOf(site: SpawnSite | undefined): string[] {
  const lines = (site?.stack ?? '').split('\n');
  return lines.filter((line) => line.startsWith('    at ')).map((line) => line.slice('    at '.length));
}
