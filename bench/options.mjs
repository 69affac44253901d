// The command's options, checked.
import { parseArgs } from 'node:util';
import { suites } from './suites.mjs';

const ids = (list) => list.map(({ id }) => id);
const lines = (describe) => suites.map((suite) => `                   ${suite.id}: ${describe(suite)}`).join('\n');

export function helpText() {
  return `npm run bench -- [WORD…] [options]     heddle beside others

  WORD             a suite (${ids(suites).join(', ')}; the beginning will do) or a scenario; no word means everything
${lines(({ scenarios }) => ids(scenarios).join(', '))}
  --peers NAMES    only these; a library's name means all its kinds
${lines(({ peers }) => ids(peers).join(', '))}
  --rounds N       how often everything is measured (default 3, with --quick 1)
  --quick          fewer tasks and one round
  --minutes N      starts nothing new after this time (default 7.5 a suite, for pools 15; with --quick a quarter of it)
  --json FILE      writes every single figure`;
}

export function parseOptions(argv) {
  const { values, positionals: words } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      peers: { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { quick, json, help } = values;
  const chosen = chooseSuites(words, values.peers?.split(',').map((name) => name.trim()) ?? []);
  return {
    suites: chosen,
    rounds: positive(values.rounds, '--rounds', quick ? 1 : 3),
    minutes: positive(values.minutes, '--minutes', chosen.reduce((sum, { minutes = 7.5 }) => sum + minutes, 0) / (quick ? 4 : 1)),
    quick,
    json,
    help,
  };
}

/** The suites, each with those of its scenarios and peers that are named; no name means all. One that has nothing left is left out. */
function chooseSuites(words, peerNames) {
  const isMeant = (word, suite, { id }) => id === word || (word !== '' && suite.id.startsWith(word));
  const isNamed = (name, peer) => name === peer.id || name === peer.library;
  for (const word of words) {
    if (!suites.some((suite) => suite.scenarios.some((scenario) => isMeant(word, suite, scenario))))
      throw refused('a suite or scenario', [...ids(suites), ...suites.flatMap(({ scenarios }) => ids(scenarios))], word);
  }
  for (const name of peerNames) {
    if (!suites.some(({ peers }) => peers.some((peer) => isNamed(name, peer))))
      throw refused(
        '--peers',
        suites.flatMap(({ peers }) => ids(peers)),
        name,
      );
  }
  const isIn = (list, matches) => list.length === 0 || list.some(matches);
  const chosen = [];
  for (const suite of suites) {
    const scenarios = suite.scenarios.filter((scenario) => isIn(words, (word) => isMeant(word, suite, scenario)));
    const peers = suite.peers.filter((peer) => isIn(peerNames, (name) => isNamed(name, peer)));
    if (scenarios.length > 0 && peers.length > 0) chosen.push({ ...suite, scenarios, peers });
  }
  return chosen;
}

const refused = (what, known, got) => new RangeError(`expected ${what} to be of ${known.join(', ')}, got "${got}"`);

function positive(text, option, byDefault) {
  if (text === undefined) return byDefault;
  const number = Number(text);
  if (!(number > 0 && number < Infinity)) throw new RangeError(`expected ${option} to be a number > 0, got "${text}"`);
  return number;
}
