/** The checks of `.ci/run`: one table. Adding a check is adding a line. */

import { majors, nodePath } from '../nodes/install.ts';
import { BUILT_TOOLS } from '../places.ts';

export interface Part {
  name: string;
  command: string[];
  /** Parts that must have passed. */
  needs?: string[];
  /** How many of the two cores it keeps busy; a download keeps none. */
  cores: 0 | 1 | 2;
  /** True for a part that installs packages, and reads certificates for that. */
  registry?: boolean;
  /** Seconds after which it is killed and counts as failed. */
  timeout: number;
}

const tool = (name: string, ...args: string[]): string[] => [process.execPath, `${BUILT_TOOLS}${name}/main.js`, ...args];
const ci = (folder: string): string[] => ['npm', 'ci', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts'];
const nodeNames = majors.map((major) => `fetch Node ${major}`);

/**
 * The tests that depend on the Node they run on: functions and values, how workers start, talk and die, contexts and turns of greenlets,
 * TypeScript. The rest (the scheduler, the journal, Python's rules, …) is the same code on each, and runs on the oldest.
 */
const onEachNode = [
  'codec/',
  'ship/corners',
  'ship/entries',
  'platform/',
  'memory/heap/memory',
  'memory/heap/native-memory',
  'memory/heap/array-memory',
  'worker/link',
  'worker/parcels',
  'worker/undisturbed',
  'worker/lifeline',
  'worker/exec-argv',
  'sync/handles',
  'loop/',
  'coroutine/',
  'testing/drive',
  'testing/explore',
  'testing/virtual-clock',
  'pool/submit',
  'pool/workers/death',
  'pool/handles.test',
  'never-hang/exits',
  'never-hang/starts',
  'never-hang/hosts',
  'cli/typescript',
  'cli/doctor',
];

/**
 * The output of compilers for functions. The oldest Node, which runs everything, and the newest, which reads TypeScript itself, are enough.
 */
const onNewest = ['ship/typescript'];
const newest = majors.at(-1);

export const parts: Part[] = [
  { name: 'install tools', command: ci('tools'), registry: true, cores: 0, timeout: 300 },
  ...majors.map((major): Part => ({ name: `fetch Node ${major}`, command: tool('nodes', major), registry: true, cores: 0, timeout: 300 })),

  { name: 'lint', command: ['npm', 'run', 'lint'], cores: 1, timeout: 120 },
  { name: 'format', command: ['npm', 'run', 'format:check'], needs: ['install tools'], cores: 1, timeout: 60 },
  { name: 'API report', command: ['npm', 'run', 'api:check'], needs: ['install tools'], cores: 1, timeout: 120 },
  { name: 'knip', command: ['npm', 'run', 'knip'], needs: ['install tools'], cores: 1, timeout: 120 },
  { name: 'docs', command: tool('docs'), cores: 2, timeout: 600 },
  { name: 'packed', command: tool('packed'), needs: ['install tools', ...nodeNames], registry: true, cores: 2, timeout: 300 },
  { name: 'npm start', command: ['npm', 'start', '--ignore-scripts'], cores: 2, timeout: 300 },

  { name: 'npm test', command: tool('test'), cores: 2, timeout: 900 },
  ...majors.map(
    (major): Part => ({
      name: `tests on Node ${major}`,
      command: [nodePath(major), `${BUILT_TOOLS}test/main.js`, ...onEachNode, ...(major === newest ? onNewest : [])],
      needs: [`fetch Node ${major}`],
      cores: 2,
      timeout: 900,
    }),
  ),
  ...majors.map(
    (major): Part => ({
      name: `doctor on Node ${major}`,
      command: [nodePath(major), 'dist/cli/main.js', 'doctor'],
      needs: [`fetch Node ${major}`],
      cores: 2,
      timeout: 120,
    }),
  ),
  { name: 'test runners', command: tool('runners'), needs: ['packed'], registry: true, cores: 2, timeout: 600 },
];
