/** Values of queues and maps as bytes: the same codec that queues of one machine have. The receiver may be on another machine. */

import { decodeMessage, modulesOf, prepare, takeEncoder } from '../../codec/index.ts';

/** @throws SerializationError if the value cannot cross; the message says where and what */
export function packValue(value: unknown, root: string): Buffer {
  const encoder = takeEncoder();
  try {
    encoder.encode(value, { root, apart: 'it is on another machine' });
    const bytes = Buffer.from(encoder.bytes.subarray(encoder.start, encoder.end));
    encoder.takeMoved();
    return bytes;
  } finally {
    encoder.release();
  }
}

/** @throws SerializationError if the bytes are damaged, or something in the value is not there on this machine */
export async function openValue(bytes: Buffer): Promise<unknown> {
  const modules = modulesOf(bytes, 0, bytes.length);
  if (modules.length > 0) await prepare({ modules });
  return decodeMessage(bytes, 0, bytes.length);
}
