// One measurement: `node probe.mjs PEER SCENARIO [--quick]` runs the scenario with the peer and prints one line that starts with MARK and holds
// JSON: { figures, notes } or { failed: 'why' }. Run it by hand under `node --cpu-prof` to see where the time goes.
import { suites } from './suites.mjs';

export const MARK = 'heddle-bench:';

async function probe(suite, peer, scenario, quick) {
  const context = await suite.context(peer, scenario);
  try {
    console.log(MARK + JSON.stringify(await scenario.run({ ...context, quick })));
  } catch (error) {
    console.log(MARK + JSON.stringify({ failed: String(error) }));
  }
  await context.close?.();
}

if (import.meta.filename === process.argv[1]) {
  const [, , peerId, scenarioId, ...flags] = process.argv;
  const suite = suites.find(({ scenarios }) => scenarios.some(({ id }) => id === scenarioId));
  const scenario = suite?.scenarios.find(({ id }) => id === scenarioId);
  const peer = suite?.peers.find(({ id }) => id === peerId);
  if (!peer || !scenario) throw new Error(`expected a peer and a scenario, got ${peerId} ${scenarioId}`);
  await probe(suite, peer, scenario, flags.includes('--quick'));
}
