/** A subclass of `Process` with a constructor and a `run()` of its own: the state that the constructor set is there in the child. */

import { Process } from 'heddle';

class Greeter extends Process {
  readonly names: readonly string[];

  constructor(...names: string[]) {
    super();
    this.names = names;
  }

  override run(): void {
    for (const name of this.names) console.log(`${this.name}: hello ${name}`);
  }
}

const greeter = new Greeter('ann', 'bob').start();
console.log(`the greeter has ended with ${await greeter.sentinel}`);
