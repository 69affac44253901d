// What is measured. A scenario's context is { peer, quick }: what the peer's `open` gives (peers/index.mjs lists it).
import { awaited, uncontended } from './uncontended.mjs';
import { contended } from './contended.mjs';
import { barrier, condition, event } from './turns.mjs';

export const scenarios = [uncontended, awaited, contended, event, condition, barrier];
