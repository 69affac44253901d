/**
 * The parts of one encoded message while it travels.
 *
 *   value --encode--> Packet --link--> prepare(packet) --decode--> value
 *
 * Almost everything is in `bytes`. Values that bytes cannot hold (memory shared by the threads of one process, ports, buffers that change
 * owner) travel beside them. The bytes name each by its index in `attachments`.
 */

import type { Transferable } from 'node:worker_threads';

export interface Packet {
  readonly bytes: Uint8Array;
  /** Objects handed over as they are, between threads of one process only; empty on the way to a process. */
  readonly attachments: readonly unknown[];
  /** The attachments that change owner. */
  readonly transfer: readonly Transferable[];
  /** URLs of the modules that must be imported before the bytes can be decoded. */
  readonly modules: readonly string[];
  /** Abort signals inside the value: the link tells the other side when one fires. Never travels itself. */
  readonly signals: readonly ExportedSignal[];
  /** Shared objects inside the value: they live as long as the packet, and the link hands them over. */
  readonly handles: readonly object[];
}

/** The received parts of a {@link Packet}. */
export interface Incoming extends Pick<Packet, 'bytes' | 'attachments' | 'modules'> {
  /** The shared objects in it, here; none by default. */
  readonly handles?: readonly object[] | undefined;
  /** Why they are not here, if they could not be taken over. */
  readonly lost?: Error | undefined;
  /** Gives what the sender's `nameFor` has named. */
  readonly namedBy?: ((name: unknown) => object) | undefined;
}

/** The same, when its modules are loaded. */
export interface Encoded extends Omit<Incoming, 'modules'> {
  readonly modules?: readonly string[] | undefined;
}

/** An AbortSignal of this side, by the id under which the other side knows it. */
export interface ExportedSignal {
  readonly id: string;
  readonly signal: AbortSignal;
}

/** The border a message is about to cross. */
export interface Border {
  /** `network`: another program, perhaps of another machine, to which the bytes alone travel. */
  readonly kind: 'thread' | 'process' | 'network';
  /** Of a network: functions and classes that no module exports may cross with their source. Default false. */
  readonly code?: boolean | undefined;
  /** The realm id of the receiver, if known: what was born there goes home by name instead of by copy. */
  readonly peer?: string | undefined;
  readonly nameFor?: undefined;
  /** Why the receiver does not see this process's shared objects, if it is a process that does not. */
  readonly apart?: string | undefined;
}

/** Any thread or process that has the shared heap: the receiver is not known yet. Only what each of them can be given crosses. */
export interface AnyBorder {
  readonly kind: 'any';
  readonly peer?: undefined;
  /** Returns the receiver's name for an object, if it has one: the name is sent in its place. */
  readonly nameFor?: ((object: object) => unknown) | undefined;
  /** Why the receiver may not have the shared heap. */
  readonly apart?: string | undefined;
}

/** The destination of a message. */
export type Destination = Border | AnyBorder;
