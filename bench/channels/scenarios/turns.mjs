// There and back: what it costs to wake the other side, where it sleeps, or to be quicker than its sleep.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { median, timed } from '../../measure.mjs';

const FIGURE = { title: 'there and back', unit: 'µs', better: 'lower' };

/** Before the clock starts: both sides are warm. */
const WARM_UP = 5000;

/** Programs that take all cores but one. */
function takeCores() {
  const programs = Array.from({ length: Math.max(1, availableParallelism() - 1) }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  return () => Promise.all(programs.map((program) => new Promise((resolve) => program.once('exit', resolve).kill('SIGKILL'))));
}

async function microseconds(turns, quick) {
  await turns(WARM_UP);
  let rounds = 100;
  const longEnough = quick ? 50 : 200;
  while ((await timed(() => turns(rounds))) < longEnough) rounds *= 2;
  const results = [];
  for (let i = 0; i < (quick ? 1 : 5); i++) results.push(((await timed(() => turns(rounds))) / rounds) * 1000);
  return median(results);
}

export const blockingTurns = {
  id: 'turns-blocking',
  title: 'A number there and back, both sides blocking',
  reference: 'futex-processes',
  figures: [
    { key: 'free', table: 'with all cores free', ...FIGURE },
    { key: 'taken', table: 'with all cores but one taken by busy loops', ...FIGURE },
  ],
  comparisons: [
    {
      title: 'heddle between processes / a bare futex, a core taken',
      key: 'taken',
      of: 'heddle-processes',
      to: 'futex-processes',
      by: 'ratio',
      aim: 1.3,
    },
    {
      title: 'heddle between threads / `Atomics.wait`, a core taken',
      key: 'taken',
      of: 'heddle-threads',
      to: 'atomics-wait',
      by: 'ratio',
      aim: 1.3,
    },
  ],
  async run({ peer, quick }) {
    const free = await microseconds((rounds) => peer.turns(rounds), quick);
    const giveBack = takeCores();
    try {
      return { figures: { free, taken: await microseconds((rounds) => peer.turns(rounds), quick) } };
    } finally {
      await giveBack();
    }
  },
};

export const awaitedTurns = {
  id: 'turns-awaited',
  title: 'A number there and back, both sides awaiting',
  figures: [{ key: 'awaited', ...FIGURE }],
  run: async ({ peer, quick }) => ({ figures: { awaited: await microseconds((rounds) => peer.awaitedTurns(rounds), quick) } }),
};
