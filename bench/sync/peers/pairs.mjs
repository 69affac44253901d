// What a worker of any peer does with a lock that another wants, too.

/** How often `pair` can be done in so many milliseconds, and how long that took. */
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

/** Of both together: the time is that of the one who was at it longer. */
export const together = (results) => ({
  pairs: results.reduce((sum, { pairs }) => sum + pairs, 0),
  ms: Math.max(...results.map(({ ms }) => ms)),
});
