// The scenarios. Their context is { kind, peer, quick }, see ../peers/index.mjs.
import { firstLine } from './first-line.mjs';
import { childMemory } from './child-memory.mjs';
import { startProcess, startThread } from './start-and-join.mjs';
import { tickets } from './tickets.mjs';

export const scenarios = [startProcess, startThread, firstLine, childMemory, tickets];
