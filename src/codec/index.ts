/**
 * Values to bytes and back, for threads and processes alike.
 *
 *   value ── encode ──► Packet ── link ──► prepare(packet) ── decode ──► value
 */

// One value, or several independent ones, into a packet.
export { encode, Encoder, type EncodeOptions } from './packet/encoder.ts';
export { itemPlace } from './packet/trail.ts';
// And back. `prepare` first, where the packet names modules.
export { decode, decodeAll, Decoder, type DecodeOptions } from './packet/decoder.ts';
export { prepare, prepareSync } from './packet/decoder.ts';
// One value as one message without a packet, for a receiver that is not known, such as that of a queue's item.
export { type MessageEncoder, type MessageOptions, takeEncoder } from './message/encoder.ts';
export { encodeSimple } from './message/simple-value.ts';
export { FLAT } from './message/form.ts';
export { decodeMessage, type MessageBeside, modulesOf } from './message/decoder.ts';
// In which scope a worker imports them.
export { type LoadScope, setLoadScope } from './function/index.ts';
// Packets and their destinations.
export type { Border, Encoded, ExportedSignal, Incoming, Packet } from './packet/packet.ts';
/** Ends the loan of large copies in a packet, when its receiver has read them. */
export { giveBack } from './packet/lent.ts';
// Abort signals: the link calls this when the other side's signal fired.
export { abortImported } from './kinds/signals.ts';
// For threads in which tasks come and go.
export { holdThreadLocals } from './kinds/thread-locals.ts';
// For users: memory that changes owner, and classes that say for themselves what they are made of.
export { move } from './objects/move.ts';
export { hasReducers, registerReducer, type Reducer } from './objects/reducers.ts';
// The identity of this thread; stack traces mapped back to the original source; `import()` and `import.meta.resolve()` on behalf of another
// module.
export { arriving, type Arrival, importFrom, importLeadsToMain, originalStack, resolveFrom, travelByName } from './function/index.ts';
// The origin of the code in a message's stack traces, where the code itself does not have it.
export { type Origin, withOrigin } from './function/index.ts';
export { realmId } from './packet/realm.ts';
// Loads the serializing half of functions before a loader is registered that would stand in its way.
export { prepareSerializer } from './function/index.ts';
// A function for many calls, sent once to each worker.
export type { Capsule } from './capsule.ts';
export { openCapsule } from './open-capsule.ts';
// The seam to functions.
export type { AnyFunction, Assembled, Courier, Dismantled, Named, Part } from './courier.ts';

/** Where a call was made, for errors that come from elsewhere. */
export { captureSite, type CallSite, joinStacks } from './call-site.ts';
