// Figures → Markdown tables: for each figure the median over the rounds, the best round and, in the column "vs heddle", how many times as
// good as the suite's reference (heddle's first row, or what the column names) the peer was: the median over the rounds of the ratio inside
// each round. Above 1 the peer is better.
// Below the tables stand the scenario's comparisons: one row with another in one number.
// `rounds` says how many a row stands on: a run that is out of time has fewer than it was asked for.
import { median } from './measure.mjs';
import { has } from './suites.mjs';

export function renderReport({ suites }, results, facts) {
  const sections = suites.flatMap((suite) => suite.scenarios.map((scenario) => renderScenario(suite, scenario, results)));
  return [facts.map((fact) => `- ${fact}`).join('\n'), ...sections].join('\n\n');
}

function renderScenario(suite, scenario, results) {
  const peers = suite.peers.filter((peer) => has(peer, scenario));
  const rounds = (peer) => results.get(`${scenario.id} ${peer.id}`) ?? [];
  const parts = [`## ${scenario.title}`];
  for (const [title, figures] of grouped(scenario.figures)) {
    if (title) parts.push(`### ${title}`);
    parts.push(renderTable(figures, peers, rounds, scenario.reference ?? suite.reference));
  }
  const comparisons = comparisonsOf(scenario, results);
  if (comparisons.length > 0) parts.push(comparisons.map(comparisonLine).join('\n'));
  const remarks = remarksOn(peers, rounds);
  if (remarks.length > 0) parts.push(remarks.join('\n'));
  return parts.join('\n\n');
}

/**
 * Comparisons with their values: `value` is the median over the rounds of what it is inside each round, `best` compares the best rounds, as a quiet
 * machine would show it. A comparison without one of its rows is left out.
 */
export function comparisonsOf({ id, figures, comparisons = [] }, results) {
  const rounds = (peerId, key) => (results.get(`${id} ${peerId}`) ?? []).map((entry) => entry.figures?.[key]);
  return comparisons.flatMap((comparison) => {
    const { key, of, to, by } = comparison;
    const compare = (value, other) => (by === 'ratio' ? value / other : value - other);
    const others = rounds(to, key);
    const pairs = rounds(of, key)
      .map((value, round) => [value, others[round]])
      .filter((pair) => !pair.includes(undefined));
    if (pairs.length === 0) return [];
    const { better } = figures.find((figure) => figure.key === key);
    const best = compare(
      bestOf(
        pairs.map(([value]) => value),
        better,
      ),
      bestOf(
        pairs.map(([, other]) => other),
        better,
      ),
    );
    return [
      { scenario: id, ...comparison, rounds: pairs.length, value: median(pairs.map(([value, other]) => compare(value, other))), best },
    ];
  });
}

function comparisonLine({ title, value, best, rounds, unit, aim }) {
  const withUnit = (number) => (unit ? `${number} ${unit}` : number);
  const remarks = [
    ...(rounds > 1 ? [`best rounds: ${withUnit(format(best))}`] : []),
    ...(aim === undefined ? [] : [`aim: at most ${withUnit(aim)}`]),
  ];
  return `- ${title}: **${withUnit(format(value))}**${remarks.length > 0 ? ` (${remarks.join('; ')})` : ''}`;
}

const bestOf = (values, better) => (better === 'higher' ? Math.max(...values) : Math.min(...values));

function grouped(figures) {
  const groups = new Map();
  for (const figure of figures) groups.set(figure.table, [...(groups.get(figure.table) ?? []), figure]);
  return groups;
}

function renderTable(figures, allPeers, rounds, referenceId) {
  const reference = rounds({ id: referenceId });
  const peers = allPeers.filter((peer) => figures.some(({ key }) => isMeasured(key, rounds(peer))));
  const header = [
    '',
    'rounds',
    ...figures.flatMap((figure) => [
      `${figure.title}, ${figure.unit}`,
      ...(hasBest(figure) ? ['best round'] : []),
      ...(hasRatio(figure) ? [`vs ${referenceId.startsWith('heddle') ? 'heddle' : referenceId}`] : []),
    ]),
  ];
  const row = (peer) => [
    peer.id,
    String(rounds(peer).filter((entry) => entry.figures).length),
    ...figures.flatMap((figure) => cells(figure, rounds(peer), reference)),
  ];
  return alignTable([header, ...peers.map(row)]);
}

/** A peer may lack a part of a scenario: then it is not in the tables of that part. One that failed is, and one that was not run. */
const isMeasured = (key, entries) => entries.some(({ figures }) => figures === undefined || key in figures);

const hasRatio = (figure) => figure.hasRatio !== false;
const hasBest = (figure) => figure.hasBest !== false;

function cells(figure, entries, reference) {
  const { key, better } = figure;
  const values = entries.map((entry) => entry.figures?.[key]).filter((value) => value !== undefined);
  if (values.length === 0) return [whyEmpty(entries), ...(hasBest(figure) ? [''] : []), ...(hasRatio(figure) ? [''] : [])];
  const best = bestOf(values, better);
  const shown = [format(median(values)), ...(hasBest(figure) ? [format(best)] : [])];
  if (!hasRatio(figure)) return shown;
  const ratios = entries.flatMap((entry, round) => {
    const ours = reference[round]?.figures?.[key];
    const theirs = entry.figures?.[key];
    if (ours === undefined || theirs === undefined) return [];
    const ratio = better === 'higher' ? theirs / ours : ours / theirs;
    return Number.isFinite(ratio) ? [ratio] : [];
  });
  return [...shown, ratios.length > 0 ? median(ratios).toFixed(2) : ''];
}

function whyEmpty(entries) {
  if (entries.some(({ failed }) => failed)) return 'failed';
  return entries.every(({ notRun }) => notRun) ? 'not run' : '–';
}

/** The reasons for empty rows, and other remarks. Each remark once, for any number of rounds and peers. */
function remarksOn(peers, rounds) {
  const speakers = new Map();
  for (const peer of peers) {
    for (const { failed, notes = [] } of rounds(peer)) {
      for (const text of failed ? [`failed: ${failed}`] : notes) speakers.set(text, (speakers.get(text) ?? new Set()).add(peer.id));
    }
  }
  return [...speakers].map(([text, ids]) => `- ${[...ids].join(', ')}: ${text}`);
}

/** Three figures that say something: 412,311 · 53.1 · 0.62; all of a count. */
export function format(value) {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function alignTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}
