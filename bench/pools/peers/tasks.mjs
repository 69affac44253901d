// The tasks that every peer runs. Each takes one argument, needs nothing from outside its own body (one peer ships the source text alone)
// and is an export, so that a peer with worker files can register it and heddle can send it by reference.

/** The cheapest task: what is left is the pool's own cost. */
export function noop(x) {
  return x;
}

/** Sends back what came. */
export function echo(value) {
  return value;
}

/** Keeps a core busy for `ms` milliseconds and returns how long it really took: only the time outside it is the pool's. */
export function spin(ms) {
  const start = performance.now();
  let now = start;
  while (now - start < ms) now = performance.now();
  return now - start;
}

/** Blocks its worker for `ms` milliseconds and returns which worker it was. */
export function workerId(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return `${process.pid} ${process.getBuiltinModule('node:worker_threads').threadId}`;
}

/** The small function of the map scenario. */
export function double(x) {
  return x * 2;
}

/** The same for a chunk of items, written for a pool that does not chunk. */
export function doubleAll(xs) {
  return xs.map((x) => x * 2);
}

/** Work for a processor and nothing else: counts primes by trial division. */
export function countPrimes(limit) {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d++) {
      if (n % d === 0) {
        isPrime = false;
        break;
      }
    }
    if (isPrime) count++;
  }
  return count;
}

/** Ends its worker: the thread, or the process. */
export function exit(code) {
  process.exit(code);
}
