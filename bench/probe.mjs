// One measurement: `node probe.mjs PEER SCENARIO [--quick]` opens the peer's pool, runs the scenario and prints one line that starts with
// MARK and holds JSON: { figures, notes } or { failed: 'why' }. Run it by hand under `node --cpu-prof` to see where the time goes.
import { peers } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

export const MARK = 'heddle-bench:';
export const WORKERS = 2;

async function probe(peer, scenario, quick) {
  let pool;
  const open = async () => {
    const { open: openPeer } = await import(`./peers/${peer.library}.mjs`);
    pool = await openPeer({ kind: peer.kind, workers: WORKERS });
    return pool;
  };
  try {
    console.log(MARK + JSON.stringify(await scenario.run({ open, workers: WORKERS, kind: peer.kind, quick })));
  } catch (error) {
    console.log(MARK + JSON.stringify({ failed: String(error) }));
  }
  await pool?.close();
}

if (import.meta.filename === process.argv[1]) {
  const [, , peerId, scenarioId, ...flags] = process.argv;
  const peer = peers.find(({ id }) => id === peerId);
  const scenario = scenarios.find(({ id }) => id === scenarioId);
  if (!peer || !scenario) throw new Error(`expected a peer and a scenario, got ${peerId} ${scenarioId}`);
  await probe(peer, scenario, flags.includes('--quick'));
}
