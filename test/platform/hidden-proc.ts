/** Programs in a mount name space of their own, where /proc shows each user his own processes only. */

import { execFileSync } from 'node:child_process';

/** The words of a command that runs the words behind it so. */
export const hiding: readonly string[] = ['unshare', '--mount', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh'];

/** Why that cannot be tried here. */
export function cannotHide(): string | false {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid!() !== 0) return 'only root may mount /proc with hidepid';
  try {
    execFileSync(hiding[0]!, [...hiding.slice(1), 'setpriv', '--reuid=65534', 'true'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'the system lets no mount be made, or no other user be chosen';
  }
}
