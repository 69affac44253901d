// The scenarios. Their context is { peer, quick }: the functions that the peer's `open` returns (peers/index.mjs lists them).
import { client } from './client.mjs';
import { dict, dictTaken } from './dict.mjs';
import { namedMemory } from './named-memory.mjs';
import { sharedMap } from './shared-map.mjs';

export const scenarios = [dict, dictTaken, sharedMap, namedMemory, client];
