/** A hundred clients want one ticket, and a JSON file is the database: Python's tutorial of a lock that keeps data right. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Barrier, Lock, Process } from 'heddle';

const count = Number(process.argv[2] ?? 100);
const folder = mkdtempSync(join(tmpdir(), 'tickets-'));
const database = join(folder, 'database.json');
const lock = new Lock();
const allHaveLooked = new Barrier(count);

const look = (): number => (JSON.parse(readFileSync(database, 'utf8')) as { tickets: number }).tickets;
const buy = (client: number, tickets: number): void => {
  if (tickets === 0) return;
  writeFileSync(database, JSON.stringify({ tickets: tickets - 1 }));
  console.log(`client ${client} has bought a ticket`);
};

const allAtOnce = async (client: number): Promise<void> => {
  const tickets = look();
  await allHaveLooked.wait();
  buy(client, tickets);
};
const inTurn = (client: number): Promise<void> => lock.run(() => buy(client, look()));

for (const target of [allAtOnce, inTurn]) {
  writeFileSync(database, JSON.stringify({ tickets: 1 }));
  const clients = Array.from({ length: count }, (_, n) => new Process({ target, args: [n + 1] }).start());
  for (const client of clients) await client.join();
  console.log(`${target.name}: all ${count} have gone, and ${look()} tickets are left`);
}
rmSync(folder, { recursive: true });
