// The scenarios. Their context is { peer, quick }: the functions that the peer's `open` returns (peers/index.mjs lists them).
import { awaited, uncontended } from './uncontended.mjs';
import { contended } from './contended.mjs';
import { barrier, condition, event } from './turns.mjs';

export const scenarios = [uncontended, awaited, contended, event, condition, barrier];
