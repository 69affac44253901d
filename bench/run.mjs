// npm run bench: heddle beside its peers.
//
//   for every round ─ suite ─ scenario ─ peer: a fresh process (probe.mjs) ─► figures ─► tables (report.mjs), RESULTS.md (results.mjs)
//
// Rounds are the outer loop and peers the inner one, so that whatever else the machine does meanwhile hits all peers alike.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { helpText, parseOptions } from './options.mjs';
import { findPython, isBusy, load, machineLine, peersLine } from './machine.mjs';
import { measure } from './measured-process.mjs';
import { comparisonsOf, renderReport } from './report.mjs';
import { renderResults } from './results.mjs';
import { has, suites } from './suites.mjs';

const TIMEOUT_MS = 60_000;
/** In a quick run, and for a peer that hung once: scenarios that hang would fill the time of all. */
const SHORT_TIMEOUT_MS = 15_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const options = readOptions();
if (options.help) {
  console.log(helpText());
  process.exit(0);
}
if (hasLibrary('heddle') && !existsSync(here('../dist/index.js'))) {
  console.error('dist/ is missing: run `npm run build` first.');
  process.exit(2);
}
installPeers();
const leftOut = options.suites.flatMap(findItsPython);
for (const line of leftOut) console.error(line);

const machine = machineLine();
const measured = peersLine(options.suites);
const wasBusy = isBusy();
const started = performance.now();
/** `scenario peer` → one entry a round: { figures, notes }, { failed } or { notRun }. */
const results = new Map();
const hung = new Set();
let skipped = 0;

for (let round = 0; round < options.rounds; round++) {
  for (const suite of options.suites) {
    for (const scenario of suite.scenarios) {
      if (!process.stderr.isTTY) console.error(`round ${round + 1}/${options.rounds}  ${scenario.id}`);
      for (const peer of rotated(suite.peers, round).filter((each) => has(each, scenario))) await measureOnce(suite, scenario, peer, round);
    }
  }
}
note('');

const seconds = Math.round((performance.now() - started) / 1000);
const facts = [
  machine,
  ...(measured ? [measured] : []),
  ...leftOut,
  `${options.rounds} ${options.rounds === 1 ? 'round' : 'rounds'} asked for${options.quick ? ' (quick)' : ''}, ${seconds} s, load at the end ${load()}`,
  ...(wasBusy ? ['other programs were using the machine when this began: read the ratios, not the figures'] : []),
  ...(skipped > 0 ? [`${skipped} measurements were left out: the ${options.minutes} minutes were over (--minutes)`] : []),
];
console.log(renderReport(options, results, facts));
for (const suite of options.suites.filter(isWhole)) {
  writeFileSync(here('./RESULTS.md'), renderResults(suite, results, [new Date().toISOString().slice(0, 10), ...facts]));
  console.error('written to bench/RESULTS.md');
}
if (options.json) {
  const figures = {
    facts,
    comparisons: options.suites.flatMap((suite) => suite.scenarios.flatMap((scenario) => comparisonsOf(scenario, results))),
    results: Object.fromEntries(results),
  };
  writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
}

async function measureOnce(suite, scenario, peer, round) {
  const key = `${scenario.id} ${peer.id}`;
  const entries = results.get(key) ?? [];
  results.set(key, entries);
  if (entries.at(-1)?.failed) {
    entries.push(entries.at(-1)); // what failed once is not tried again: a peer that hangs would cost a minute each round
  } else if ((performance.now() - started) / 60_000 > options.minutes) {
    skipped++;
    entries.push({ notRun: true });
  } else {
    note(`round ${round + 1}/${options.rounds}  ${scenario.id}  ${peer.id}`);
    entries.push(await measure(suite, peer, scenario, options.quick || hung.has(peer) ? SHORT_TIMEOUT_MS : TIMEOUT_MS, options.quick));
    if (entries.at(-1).hangs) hung.add(peer);
  }
}

/** The suite whose results are kept in a file, with all of its scenarios and the peers of Node. */
function isWhole(chosen) {
  const suite = suites.find(({ id }) => id === chosen.id);
  const count = ({ peers }) => peers.filter(({ library }) => library !== 'python').length;
  return suite.keepsResults === true && chosen.scenarios.length === suite.scenarios.length && count(chosen) === count(suite);
}

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

/** Every round begins with another peer: none has always the same neighbour before it. */
function rotated(peers, round) {
  const shift = round % peers.length;
  return [...peers.slice(shift), ...peers.slice(0, shift)];
}

function hasLibrary(name) {
  return options.suites.some(({ peers }) => peers.some(({ library }) => library === name));
}

/** The peers are not part of the package and of its `npm ci`: they are fetched at their first use. */
function installPeers() {
  const isPackage = ({ library, isHandWritten }) => !isHandWritten && library !== 'heddle' && library !== 'python';
  const packages = options.suites.flatMap(({ peers }) => peers.filter(isPackage));
  if (packages.every(({ library }) => existsSync(here(`./node_modules/${library}/package.json`)))) return;
  console.error('The libraries to compare with are not installed yet: npm ci --prefix bench');
  execFileSync('npm', ['ci', '--prefix', here('.'), '--no-audit', '--no-fund'], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Leaves Python's rows out where there is no Python for them; returns the line that says so. */
function findItsPython(suite) {
  if (!suite.peers.some(({ library }) => library === 'python')) return [];
  const { module, getIt } = suite.python;
  suite.python.command = findPython(module);
  if (suite.python.command) return [];
  suite.peers = suite.peers.filter(({ library }) => library !== 'python');
  return [`Python's rows of ${suite.id} are left out: no python3 here has ${module}. ${getIt}`];
}

/** Shows the running scenario: one line that rewrites itself on a terminal; a line a scenario in a log. */
function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
