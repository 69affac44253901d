/** Programs as another user than root, and in a mount name space where /proc shows each user only processes of that user. */

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Why root cannot go on as another user: that one could not run this Node, or read these files. Others need not change. */
export function cannotChangeUser(): string | false {
  if (process.platform !== 'linux' || process.getuid!() !== 0) return false;
  for (const path of [process.execPath, fileURLToPath(import.meta.url)])
    for (let at = dirname(path); at !== '/'; at = dirname(at)) if ((statSync(at).mode & 1) === 0) return `no other user may enter ${at}`;
  return false;
}

/** The words of a command that runs the words behind it so. */
export const hiding: readonly string[] = ['unshare', '--mount', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh'];

/** Why that cannot be tried here. */
export function cannotHide(): string | false {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid!() !== 0) return 'only root may mount /proc with hidepid';
  const reason = cannotChangeUser();
  if (reason !== false) return reason;
  try {
    execFileSync(hiding[0]!, [...hiding.slice(1), 'setpriv', '--reuid=65534', 'true'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'the system lets no mount be made, or no other user be chosen';
  }
}
