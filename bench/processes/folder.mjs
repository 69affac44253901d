// Files of a measurement.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls `work` with a function that gives the paths of files in a folder of its own, which is removed afterwards. */
export async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  try {
    return await work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
