import { median, startAll, warmUp } from '../../measure.mjs';

/** A pool that has not reported the death after this time never does. */
const SILENT_MS = 2000;

export const recovery = {
  id: 'recovery',
  title: 'Recovery: from the call that ends its worker (`process.exit`) until its caller has heard, and all workers answer again',
  figures: [
    { key: 'heard', title: 'the caller has heard', unit: 'ms', better: 'lower' },
    { key: 'whole', title: 'all workers answer', unit: 'ms', better: 'lower' },
  ],
  async run({ open, workers, quick }) {
    const pool = await open();
    await warmUp(pool);
    const heard = [];
    const whole = [];
    for (let round = 0; round < (quick ? 3 : 7); round++) {
      await startAll(pool, workers);
      const start = performance.now();
      await told(pool.run('exit', 1));
      heard.push(performance.now() - start);
      await startAll(pool, workers);
      whole.push(performance.now() - start);
    }
    return { figures: { heard: median(heard), whole: median(whole) } };
  },
};

async function told(result) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`its caller hears nothing of the end of a worker within ${SILENT_MS} ms`)), SILENT_MS);
  });
  const ended = result.then(
    () => {
      throw new Error('wrong answer: a task that ended its worker has a result');
    },
    () => {},
  );
  try {
    await Promise.race([ended, silence]);
  } finally {
    clearTimeout(timer);
  }
}
