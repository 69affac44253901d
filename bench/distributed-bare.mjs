// A worker of BullMQ alone, for bench/distributed.mjs: it doubles a number, and counts.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [, , url] = process.argv;
const connection = () => new Redis(url, { maxRetriesPerRequest: null });
const counter = connection();
const counts = new Map();
setInterval(() => {
  for (const [key, count] of counts) void counter.incrby(key, count);
  counts.clear();
}, 5);
const worker = new Worker(
  'bare',
  (job) => {
    counts.set(job.name, (counts.get(job.name) ?? 0) + 1);
    return Promise.resolve(job.data * 2);
  },
  { connection: connection(), concurrency: 50, removeOnComplete: { count: 0 } },
);
await worker.waitUntilReady();
console.log('ready');
