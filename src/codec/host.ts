/** The host's entry of the codec: what a host needs beyond what its workers need, so that a worker does not load it. */

// Hosts send functions at once, in the middle of synchronous calls.
import './function/serialize.ts';

export { captureFunction } from './capsule.ts';
