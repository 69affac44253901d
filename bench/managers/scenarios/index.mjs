// What is measured. A scenario's context is { peer, quick }: what the peer's `open` gives (peers/index.mjs lists it).
import { client } from './client.mjs';
import { dict, dictTaken } from './dict.mjs';
import { sharedMap } from './shared-map.mjs';

export const scenarios = [dict, dictTaken, sharedMap, client];
