import { cpuTime, expect, median } from '../../measure.mjs';

/** Calls in a row before their results are awaited. */
const BATCH = 200;
const TASKS_PER_WORKER = 64;

const FIRST = 'the first function that the program sends';
const LATER = 'every further one';

export const capture = {
  id: 'capture',
  title: 'Functions sent: with one capture, inline without, hoisted, exported; and three bare inspector calls',
  figures: [
    { key: 'first', table: FIRST, title: 'processor', unit: 'ms', better: 'lower', hasRatio: false },
    { key: 'caller', table: LATER, title: 'caller’s thread', unit: 'µs', better: 'lower', hasRatio: false },
    { key: 'cpu', table: LATER, title: 'processor, all threads', unit: 'µs', better: 'lower', hasRatio: false },
  ],
  comparisons: [
    {
      title: 'first, heddle-capture − heddle-inline',
      key: 'first',
      of: 'heddle-capture',
      to: 'heddle-inline',
      by: 'difference',
      unit: 'ms',
      aim: 30,
    },
    {
      title: 'caller, heddle-inline − heddle-hoisted',
      key: 'caller',
      of: 'heddle-inline',
      to: 'heddle-hoisted',
      by: 'difference',
      unit: 'µs',
      aim: 10,
    },
    { title: 'caller, heddle-capture / inspector-calls', key: 'caller', of: 'heddle-capture', to: 'inspector-calls', by: 'ratio' },
  ],
  run: ({ library, load, kind, quick }) => {
    const batches = quick ? 3 : 10;
    return library === 'inspector' ? inspectorCalls(batches) : functionsSent(load, kind, batches);
  },
};

/** Counts the first from making the pool: preparations for captures are then in the figure, wherever a pool makes them. */
async function functionsSent(load, kind, batches) {
  const { ThreadPoolExecutor } = await load();
  const { senders } = await import('../closures.mjs');
  const send = senders[kind];

  const before = cpuTime();
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, tasksPerWorker: TASKS_PER_WORKER });
  expect(await send(pool, 7), 7, 'the first result');
  const first = cpuTime() - before;

  const later = await repeated(batches, async (indices) => {
    const start = performance.now();
    const results = indices.map((i) => send(pool, i));
    const ms = performance.now() - start;
    expect((await Promise.all(results)).at(-1), indices.at(-1), 'the last result');
    return ms;
  });
  await pool.shutdown();
  return { figures: { first, ...later } };
}

/** A handle of the closure, its `[[Scopes]]`, its variable. Nothing is sent anywhere and there is no worker. */
async function inspectorCalls(batches) {
  const before = cpuTime();
  const inspector = await import('node:inspector');
  const session = new inspector.Session();
  session.connect();
  const post = (method, params) => {
    let answer;
    session.post(method, params, (_error, result) => {
      answer = result; // synchronous, in a session with its own thread
    });
    return answer;
  };
  const expression = `globalThis.process.getBuiltinModule('node:inspector').Session.held`;
  const captured = (closure) => {
    inspector.Session.held = closure;
    const { result: handle } = post('Runtime.evaluate', { expression, objectGroup: 'bench' });
    const { internalProperties } = post('Runtime.getProperties', {
      objectId: handle.objectId,
      ownProperties: true,
      objectGroup: 'bench',
    });
    const scopes = internalProperties.find(({ name }) => name === '[[Scopes]]').value;
    const { result } = post('Runtime.callFunctionOn', {
      objectId: scopes.objectId,
      functionDeclaration: 'function () { return this[0].object.i }',
      returnByValue: true,
    });
    return result.value;
  };
  const closureOver = (i) => () => i;
  post('Debugger.enable');
  post('Debugger.disable');
  expect(captured(closureOver(7)), 7, 'the variable');
  const first = cpuTime() - before;

  const later = await repeated(batches, (indices) => {
    const start = performance.now();
    const values = indices.map((i) => captured(closureOver(i)));
    const ms = performance.now() - start;
    expect(values.at(-1), indices.at(-1), 'the last variable');
    post('Runtime.releaseObjectGroup', { objectGroup: 'bench' });
    return ms;
  });
  session.disconnect();
  return {
    figures: { first, ...later },
    notes: ['its first: the session, Debugger.enable and disable, three calls; no worker is in it. Further ones: three calls'],
  };
}

/** Microseconds a call: the caller's in the middle batch, and the processor time of all of them. */
async function repeated(batches, batch) {
  const times = [];
  const before = cpuTime();
  for (let i = 0; i < batches; i++) times.push(await batch(Array.from({ length: BATCH }, (_, k) => i * BATCH + k)));
  const cpu = cpuTime() - before;
  return { caller: (median(times) / BATCH) * 1000, cpu: (cpu / (batches * BATCH)) * 1000 };
}
