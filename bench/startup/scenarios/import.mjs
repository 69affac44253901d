import { notesOnKoffi } from '../../processes.mjs';
import { cpuTime } from '../../measure.mjs';

const BENCH = new URL('../../', import.meta.url).href;

export const imported = {
  id: 'import',
  title: 'Import of the library in a fresh process (Node’s own start is not counted)',
  figures: [
    { key: 'ms', title: 'time', unit: 'ms', better: 'lower' },
    { key: 'cpu', title: 'processor', unit: 'ms', better: 'lower', hasBest: false, hasRatio: false },
    { key: 'files', title: 'loaded', unit: 'files', better: 'lower', hasBest: false, hasRatio: false },
    { key: 'kib', title: 'source', unit: 'KiB', better: 'lower', hasBest: false, hasRatio: false },
  ],
  comparisons: [{ title: 'import, heddle / piscina', key: 'ms', of: 'heddle', to: 'piscina', by: 'ratio', aim: 3 }],
  async run({ library, load }) {
    const cpuBefore = cpuTime();
    const start = performance.now();
    await load();
    const ms = performance.now() - start;
    const cpu = cpuTime() - cpuBefore;
    const { count, bytes } = await loadedFiles();
    return { figures: { ms, cpu, files: count, kib: bytes / 1024 }, notes: notesOnKoffi(library, 'the import') };
  },
};

/** Scripts that came from files other than the benchmark's own. The inspector knows them; it is asked after the clock has stopped. */
async function loadedFiles() {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  let count = 0;
  let bytes = 0;
  session.on('Debugger.scriptParsed', ({ params: { url, length } }) => {
    if (!url.startsWith('file:') || (url.startsWith(BENCH) && !url.startsWith(`${BENCH}node_modules/`))) return;
    count++;
    bytes += length;
  });
  session.post('Debugger.enable');
  session.disconnect();
  return { count, bytes };
}
