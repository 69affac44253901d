// The small tools that scenarios share.

/** The value below which `share` (0 to 1) of the samples lie: nearest rank. */
export function quantile(samples, share) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The middle value; of an even number the mean of the two in the middle, so that few samples favour neither end. */
export function median(samples) {
  const sorted = Float64Array.from(samples).sort();
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** Milliseconds that `work` took. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Milliseconds of processor time that this process has used so far, all of its threads. */
export function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs `start(0)` … `start(count - 1)`, never more than `limit` at once. */
export async function inFlight(count, limit, start) {
  let next = 0;
  const lane = async () => {
    while (next < count) await start(next++);
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, lane));
}

/** Both workers started, the task's function known to both, the hot paths compiled. */
export async function warmUp(pool, task = 'noop', arg = 1, count = 500) {
  for (let done = 0; done < count; done += 100) await Promise.all(Array.from({ length: 100 }, () => pool.run(task, arg)));
}

/** Turns before the clock starts: both sides are warm. */
const firstTurns = 5000;

/** Microseconds of one of the turns that `turns(rounds)` makes: the middle of a few runs. */
export async function microseconds(turns, quick) {
  await turns(firstTurns);
  let rounds = 100;
  const longEnough = quick ? 50 : 200;
  while ((await timed(() => turns(rounds))) < longEnough) rounds *= 2;
  const results = [];
  for (let i = 0; i < (quick ? 1 : 5); i++) results.push(((await timed(() => turns(rounds))) / rounds) * 1000);
  return median(results);
}

/** A wrong answer is worse than a slow one: it is reported as a failure of the peer. */
export function expect(got, wanted, what) {
  if (got !== wanted) throw new Error(`wrong answer: expected ${what} to be ${wanted}, got ${got}`);
}

/** Enough for the slowest pool to start its last worker; more means that a worker never gets a task. */
const MOST_TURNS = 100;

/** Gives each worker of the pool a task: some pools start a worker only when there is a task for it. */
export async function startAll(pool, workers) {
  const seen = new Set();
  for (let turn = 0; seen.size < workers; turn++) {
    if (turn === MOST_TURNS) throw new Error(`only ${seen.size} of ${workers} workers got a task`);
    const ids = await Promise.all(Array.from({ length: workers }, () => pool.run('workerId', 10)));
    for (const each of ids) seen.add(each);
  }
}
