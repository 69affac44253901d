/** Threads by function and by subclass, their names, daemons, and ten that wait at the same time. */

import { currentThread, Thread } from 'heddle';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const hello = new Thread({
  target: (name: string) => console.log(`${currentThread().name}: hello ${name}`),
  args: ['bob'],
  name: 'greeter',
});
hello.start().joinSync();

class Greeter extends Thread {
  readonly person: string;

  constructor(person: string) {
    super({ name: 'class' });
    this.person = person;
  }

  override run(): void {
    console.log(`${this.name}: hello ${this.person}`);
  }
}
new Greeter('ann').start().joinSync();

const begun = performance.now();
const sleepers = Array.from({ length: 10 }, () => new Thread({ target: sleep, args: [1000] }).start());
for (const sleeper of sleepers) await sleeper.join();
const took = Math.round((performance.now() - begun) / 1000);
console.log(`ten sleeps of a second took ${took < 5 ? 'about one second' : `${took} seconds`}`);

new Thread({ target: () => sleep(60_000), daemon: true }).start();
console.log('the program does not wait for a daemon');
