/** Describes any thrown value in one line: `TypeError: x is not a function (at /home/me/job.js:3:9)`. */

import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isOwnFrame } from '../../stack-frames.ts';

export function describeError(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return `threw ${inspect(error, { breakLength: Infinity })}`;
    const { name, message, stack, cause } = error as Partial<Error>;
    if (typeof message !== 'string') return `threw ${inspect(error, { depth: 1, breakLength: Infinity })}`;
    const place = typeof stack === 'string' ? placeOf(stack) : undefined;
    const reason = cause === undefined ? '' : `; caused by ${describeCause(cause)}`;
    return `${oneLine(`${typeof name === 'string' ? name : 'Error'}: ${message}`)}${reason}${place === undefined ? '' : ` (at ${place})`}`;
  } catch {
    return 'threw something that cannot be shown';
  }
}

function describeCause(cause: unknown): string {
  const { name, message } = (typeof cause === 'object' && cause !== null ? cause : {}) as Partial<Error>;
  return typeof message === 'string' ? oneLine(`${name ?? 'Error'}: ${message}`) : inspect(cause, { depth: 0, breakLength: Infinity });
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' | ');
}

/** The first line of the user's own code in a stack. */
function placeOf(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:.*\()?((?:file:\/\/)?\/[^()]*):(\d+):(\d+)\)?$/.exec(line);
    if (match === null || match[1]!.includes('/node_modules/') || isOwnFrame(line)) continue;
    const path = match[1]!.startsWith('file:') ? fileURLToPath(match[1]!) : match[1]!;
    return `${path}:${match[2]}:${match[3]}`;
  }
  return undefined;
}
