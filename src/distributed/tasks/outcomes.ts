/** How what a worker's process made of a task goes through its host, which looks at none of it: a head of plain data, and a packet. */

export interface OutcomeHead {
  readonly isOk: boolean;
  readonly modules: readonly string[];
  /** Of a chunk: which of its values are errors. */
  readonly failed?: readonly number[];
  /** How long a call, or a chunk, took. */
  readonly ms?: number;
}

export function packOutcome(head: OutcomeHead, bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const all = Buffer.allocUnsafe(4 + text.length + bytes.length);
  all.writeUInt32LE(text.length);
  all.set(text, 4);
  all.set(bytes, 4 + text.length);
  return new Uint8Array(all.buffer, all.byteOffset, all.length);
}

export function unpackOutcome(packed: Uint8Array): { readonly head: OutcomeHead; readonly bytes: Uint8Array } {
  const all = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const end = 4 + all.readUInt32LE();
  return { head: JSON.parse(all.toString('utf8', 4, end)) as OutcomeHead, bytes: packed.subarray(end) };
}
