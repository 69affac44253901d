// The scenarios. Their context is { peer, quick, atMost }: the functions that the peer's file exports (peers/index.mjs lists them), and its
// number of repetitions, if it is too slow for that of the others.
import { kill } from './kill.mjs';
import { lock } from './lock.mjs';
import { queue } from './queue.mjs';
import { sleepers } from './sleepers.mjs';
import { sleep0 } from './sleep0.mjs';
import { spawn } from './spawn.mjs';
import { switching } from './switch.mjs';

export const scenarios = [switching, spawn, queue, sleep0, lock, kill, sleepers];
