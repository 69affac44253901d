// One measurement in this process: runs the scenario with the peer and prints one line that starts with MARK and holds JSON:
// { figures, notes } or { failed: 'why' }. Imports nothing: a suite about start-up measures a program that has loaded nothing else.

export const MARK = 'heddle-bench:';

/** Reads `PEER SCENARIO [--quick]` from the command line and measures that, with the suite among `suites` that has the scenario. */
export async function measureHere(suites) {
  const [, , peerId, scenarioId, ...flags] = process.argv;
  const suite = suites.find(({ scenarios }) => scenarios.some(({ id }) => id === scenarioId));
  const scenario = suite?.scenarios.find(({ id }) => id === scenarioId);
  const peer = suite?.peers.find(({ id }) => id === peerId);
  if (!peer || !scenario) throw new Error(`expected a peer and a scenario, got ${peerId} ${scenarioId}`);
  const context = await suite.context(peer, scenario);
  try {
    console.log(MARK + JSON.stringify(await scenario.run({ ...context, quick: flags.includes('--quick') })));
  } catch (error) {
    console.log(MARK + JSON.stringify({ failed: String(error) }));
  }
  await context.close?.();
}
