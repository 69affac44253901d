// What is measured. A scenario's context is { peer, quick }: what the peer's `open` gives (peers/index.mjs lists it).
import { cold } from './cold.mjs';
import { batches, deque, kibibytes, lifo, mebibytes, numbers, objects, priority } from './one-way.mjs';
import { awaitedTurns, blockingTurns } from './turns.mjs';
import { adds, increments } from './values.mjs';
import { waiting } from './waiting.mjs';

export const scenarios = [
  numbers,
  objects,
  batches,
  mebibytes,
  kibibytes,
  lifo,
  priority,
  deque,
  blockingTurns,
  awaitedTurns,
  increments,
  adds,
  waiting,
  cold,
];
