// The command's options, checked.
import { parseArgs } from 'node:util';
import { peers } from './peers/index.mjs';
import { scenarios } from './scenarios/index.mjs';

export function helpText() {
  return `npm run bench -- [options]     heddle beside other pools

  --only NAMES     of ${scenarios.map(({ id }) => id).join(', ')}
  --peers NAMES    of ${peers.map(({ id }) => id).join(', ')}
                   (a library's name means all its kinds)
  --rounds N       how often everything is measured (default 3, with --quick 1)
  --quick          fewer tasks and one round
  --minutes N      starts nothing new after this time (default 7.5, with --quick 2)
  --json FILE      writes every single figure`;
}

export function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { quick, json, help } = values;
  return {
    scenarios: chosen(values.only, scenarios, '--only', (scenario, name) => scenario.id === name),
    peers: chosen(values.peers, peers, '--peers', (peer, name) => peer.id === name || peer.library === name),
    rounds: positive(values.rounds, '--rounds', quick ? 1 : 3),
    minutes: positive(values.minutes, '--minutes', quick ? 2 : 7.5),
    quick,
    json,
    help,
  };
}

/** The entries of `all` that a comma-separated list names; all of them without a list. */
function chosen(list, all, option, matches) {
  if (list === undefined) return all;
  const names = list.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!all.some((entry) => matches(entry, name))) {
      throw new RangeError(`expected ${option} to name some of ${all.map(({ id }) => id).join(', ')}, got "${name}"`);
    }
  }
  return all.filter((entry) => names.some((name) => matches(entry, name)));
}

function positive(text, option, byDefault) {
  if (text === undefined) return byDefault;
  const number = Number(text);
  if (!(number > 0 && number < Infinity)) throw new RangeError(`expected ${option} to be a number > 0, got "${text}"`);
  return number;
}
