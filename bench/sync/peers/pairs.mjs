// The work of a worker of any peer with a lock that another one wants, too.

/** Measures how often `pair` can be done in `ms` milliseconds, and the time of that. */
export function pairsFor(ms, pair) {
  const start = performance.now();
  let pairs = 0;
  let now = start;
  while (now - start < ms) {
    for (let i = 0; i < 200; i++) pair();
    pairs += 200;
    now = performance.now();
  }
  return { pairs, ms: now - start };
}

export async function awaitedPairsFor(ms, pair) {
  const start = performance.now();
  let pairs = 0;
  let now = start;
  while (now - start < ms) {
    for (let i = 0; i < 20; i++) await pair();
    pairs += 20;
    now = performance.now();
  }
  return { pairs, ms: now - start };
}

/** Combines both: the time is that of the slower one. */
export const together = (results) => ({
  pairs: results.reduce((sum, { pairs }) => sum + pairs, 0),
  ms: Math.max(...results.map(({ ms }) => ms)),
});
