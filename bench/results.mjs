// A suite's figures in one table: heddle with threads and with processes, each beside the best of its peers. A run of the whole suite writes it
// to RESULTS.md, so that the figures that stand there are those that a command gave, on a machine and a day that stand there too.
import { alignTable, format } from './report.mjs';
import { median } from './measure.mjs';

const KINDS = ['threads', 'processes'];

/** @param facts lines about the run, its machine and its libraries */
export function renderResults(suite, results, facts) {
  const rows = suite.scenarios.flatMap((scenario) => scenario.figures.map((figure) => rowOf(suite, scenario, figure, results)));
  const header = ['', ...KINDS.flatMap((kind) => [`heddle, ${kind}`, 'best peer', 'ratio'])];
  return `# Results of the suite ${suite.id}

Written by \`npm run bench -- ${suite.id}\`, never by hand. A cell is the median over the rounds. \`ratio\` is how many times as good as the best peer heddle
is: above 1 heddle is better, whether a high or a low figure is good. README.md says what each row means.

${facts.map((fact) => `- ${fact}`).join('\n')}

${alignTable([header, ...rows])}
`;
}

function rowOf(suite, scenario, figure, results) {
  const name = [scenario.id, figure.table, figure.title].filter(Boolean).join(', ');
  const cells = KINDS.flatMap((kind) => {
    const peers = suite.peers.filter((peer) => peer.kind === kind);
    const measured = peers.map((peer) => ({ peer, value: valueOf(results.get(`${scenario.id} ${peer.id}`), figure.key) }));
    const own = measured.find(({ peer }) => peer.library === 'heddle')?.value;
    const others = measured.filter(({ peer, value }) => peer.library !== 'heddle' && value !== undefined);
    const [best] = others.sort((a, b) => (figure.better === 'higher' ? b.value - a.value : a.value - b.value));
    return [
      own === undefined ? '–' : `${format(own)} ${figure.unit}`,
      best === undefined ? '–' : `${format(best.value)} (${best.peer.library})`,
      own === undefined || best === undefined || figure.hasRatio === false ? '' : ratio(own, best.value, figure.better).toFixed(2),
    ];
  });
  return [name, ...cells];
}

const ratio = (own, other, better) => (better === 'higher' ? own / other : other / own);

function valueOf(entries = [], key) {
  const values = entries.map(({ figures }) => figures?.[key]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}
