/** Decodes messages whose modules are loaded by a synchronous call, and calls the functions that arrive. */

import { parentPort } from 'node:worker_threads';
import { decodeMessage, modulesOf, prepare, prepareSync } from '#src/codec/index.js';

/** The message is of a function. `wait`: its modules are imported. */
export interface Asked {
  readonly bytes: Uint8Array;
  readonly wait?: true;
}

export interface Answer {
  readonly value?: unknown;
  readonly error?: string;
  readonly code?: unknown;
  /** The marks that the modules of the test leave when they are run. */
  readonly ran: readonly string[];
}

const trace = globalThis as { ran?: string[] };
trace.ran = [];

async function answer({ bytes, wait }: Asked): Promise<Answer> {
  try {
    const modules = modulesOf(bytes, 0, bytes.length);
    if (wait === true) await prepare({ modules });
    else prepareSync(modules);
    const call = decodeMessage(bytes, 0, bytes.length) as () => unknown;
    return { value: call(), ran: trace.ran ?? [] };
  } catch (error) {
    const { message, cause } = error as Error;
    return { error: message, code: (cause as { code?: unknown } | undefined)?.code, ran: trace.ran ?? [] };
  }
}

const send = (value: Answer): void => {
  if (parentPort === null) process.send?.(value);
  else parentPort.postMessage(value, []);
};

(parentPort ?? process).on('message', (asked: Asked) => void answer(asked).then(send));
