/** Takes values over a border and back, as a link would: through a real message port for threads, as bare bytes for processes. */

import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { type Border, decode, encode, type EncodeOptions, type Incoming, type Packet, prepare } from '#src/codec/index.js';

export type Kind = Border['kind'];
export const kinds: readonly Kind[] = ['thread', 'process'];

export function carry(packet: Packet, kind: Kind): Incoming {
  const { modules, handles } = packet;
  if (kind === 'process') return { bytes: Buffer.from(packet.bytes), attachments: [], modules, handles };
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage({ bytes: packet.bytes, attachments: packet.attachments }, [...packet.transfer]);
    const { message } = receiveMessageOnPort(port2) as { message: Pick<Incoming, 'bytes' | 'attachments'> };
    return { ...message, modules, handles };
  } finally {
    port1.close();
  }
}

export function cross<T>(value: T, kind: Kind, options?: Omit<EncodeOptions, 'border'>): T {
  const border: Border = { kind };
  return decode(carry(encode(value, { root: 'args', ...options, border }), kind), border) as T;
}

/** For values that need modules, such as functions of an imported file. */
export async function crossWithModules<T>(value: T, kind: Kind): Promise<T> {
  const border: Border = { kind };
  const packet = carry(encode(value, { root: 'args', border }), kind);
  await prepare(packet);
  return decode(packet, border) as T;
}

/** The message of the error that `cross` throws. */
export function refusal(value: unknown, kind: Kind, options?: Omit<EncodeOptions, 'border'>): string {
  try {
    encode(value, { root: 'args', ...options, border: { kind } });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}
