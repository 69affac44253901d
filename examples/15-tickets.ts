/** A hundred clients want one ticket, and a JSON file is the database: Python's tutorial of a lock that keeps data right. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lock, ProcessPoolExecutor } from 'heddle';

const folder = mkdtempSync(join(tmpdir(), 'tickets-'));
const database = join(folder, 'database.json');
const sell = (tickets: number): void => writeFileSync(database, JSON.stringify({ tickets }), { flag: tickets === 1 ? 'w' : 'r+' });
const pay = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

const buy = async (): Promise<boolean> => {
  const { tickets } = JSON.parse(readFileSync(database, 'utf8')) as { tickets: number };
  if (tickets === 0) return false;
  await pay();
  sell(tickets - 1);
  return true;
};

const lock = new Lock();
const buyInTurn = (): Promise<boolean> => lock.run(buy);

await using pool = new ProcessPoolExecutor({ maxWorkers: 4, tasksPerWorker: 25 });
for (const [how, client] of [
  ['without the lock', buy],
  ['with the lock', buyInTurn],
] as const) {
  sell(1);
  const clients = await Promise.all(Array.from({ length: 100 }, () => pool.submit(client)));
  const lucky = clients.filter(Boolean).length;
  console.log(`${how}: ${lucky > 1 ? 'several have' : `${lucky} of ${clients.length} has`} the ticket`);
}
rmSync(folder, { recursive: true });
