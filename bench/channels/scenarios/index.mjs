// The scenarios. Their context is { peer, quick }: the functions that the peer's `open` returns (peers/index.mjs lists them).
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
