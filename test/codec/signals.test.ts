/** AbortSignals that keep working on the other side. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { abortImported, decode, Decoder, encode, type Packet } from '#src/codec/index.js';
import { carry, cross, type Kind, kinds } from './cross.js';

/** As another realm would see the packet: there, no signal of ours is known by its id. */
function asForeign(packet: Packet, id: string, foreign: string): Packet {
  const bytes = Buffer.from(packet.bytes);
  bytes.write(foreign, bytes.indexOf(id), 'latin1');
  return { ...packet, bytes };
}

function send(value: unknown, kind: Kind): { there: unknown; id: string } {
  const packet = encode(value, { border: { kind } });
  const exported = packet.signals[0]?.id ?? 'none';
  const id = `x${exported.slice(1)}`;
  return { there: decode(carry(asForeign(packet, exported, id), kind), { kind }), id };
}

for (const kind of kinds) {
  test(`a signal in a ${kind} stays silent when its original fires`, () => {
    const { there, id } = send({ signal: new AbortController().signal }, kind);
    const { signal } = there as { signal: AbortSignal };
    assert.ok(signal instanceof AbortSignal);
    assert.equal(signal.aborted, false);
    let fired = 0;
    signal.addEventListener('abort', () => (fired += 1));
    abortImported(id, 'the reason');
    assert.deepEqual([fired, signal.aborted, signal.reason], [1, true, 'the reason']);
    abortImported(id, 'again');
    abortImported('nobody', 'ever heard of it');
    assert.equal(signal.reason, 'the reason');
  });

  test(`one signal is two in a ${kind}`, () => {
    const { signal } = new AbortController();
    const packet = encode([signal, { signal }], { border: { kind } });
    assert.equal(packet.signals.length, 1);
    assert.equal(packet.signals[0]?.signal, signal);
    const one = send(signal, kind).there;
    const again = send([signal, signal], kind).there as unknown[];
    assert.ok(again[0] === one && again[1] === one);
  });

  test(`a signal that fired already arrives unfired in a ${kind}, or without its reason`, () => {
    const reason = new DOMException('stop', 'AbortError');
    const packet = encode(AbortSignal.abort(reason), { border: { kind } });
    assert.deepEqual(packet.signals, []);
    const text = Buffer.from(packet.bytes).toString('latin1');
    const id = /\d+\.\d+\.[0-9a-f]{12}:\d+/.exec(text)?.[0] ?? 'none';
    const there = decode(carry(asForeign(packet, id, `x${id.slice(1)}`), kind), { kind }) as AbortSignal;
    assert.equal(there.aborted, true);
    assert.ok(there.reason instanceof DOMException && there.reason.name === 'AbortError');
  });

  test(`a signal that comes home from a ${kind} is another one`, () => {
    const { signal } = new AbortController();
    assert.equal(cross(signal, kind), signal);
  });

  test(`the runner in a ${kind} does not learn which signals came`, () => {
    const { signal } = new AbortController();
    const decoder = new Decoder(carry(encode({ signal }, { border: { kind } }), kind), { kind });
    decoder.next();
    assert.deepEqual(decoder.signals, [signal]);
  });
}
