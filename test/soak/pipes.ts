/**
 * Echoes over pipes for the soak of channel: a worker sends back what comes, until it is killed. Then the other end must get EOFError, with no reply lost that the
 * worker had sent, and another worker gets a new pipe. Now and then an end of a further pipe goes along, which the worker sends on.
 */

import { Connection, EOFError, type Executor, Pipe } from 'heddle';

interface Message {
  readonly sequence: number;
  readonly extra: unknown;
}

async function echo(end: Connection<Message>): Promise<void> {
  for await (const { sequence, extra } of end) {
    if (extra instanceof Connection) {
      extra.sendSync(sequence);
      extra.close();
    }
    if (sequence % 2 === 0) await end.send({ sequence, extra: sequence });
    else end.sendSync({ sequence, extra: extra instanceof Uint8Array ? extra : sequence });
  }
  end.close();
}

export class EchoPost {
  readonly ended: Promise<void>;
  readonly #pool: Executor;
  readonly #isStopped: () => boolean;
  readonly #problems: string[];
  #abort = new AbortController();
  #isKilled = false;
  #here: Connection<Message> | undefined;
  /** Replies that have come. */
  replies = 0;
  /** The current wait, for the report of a soak that stands still. */
  waitsFor = 'nothing';

  constructor(pool: Executor, isStopped: () => boolean, problems: string[]) {
    this.#pool = pool;
    this.#isStopped = isStopped;
    this.#problems = problems;
    this.ended = this.#keep();
  }

  async #keep(): Promise<void> {
    while (!this.#isStopped() && this.#problems.length === 0) await this.#once();
  }

  async #once(): Promise<void> {
    this.#abort = new AbortController();
    this.#isKilled = false;
    const [here, there] = Pipe<Message>();
    this.#here = here;
    const echoing = this.#pool.with({ signal: this.#abort.signal }).submit(echo, there);
    echoing.catch(() => {});
    there.close();
    try {
      for (let sequence = 0; !this.#isStopped(); sequence += 1) await this.#turn(here, sequence);
    } catch (error) {
      if (!(error instanceof EOFError)) this.#problems.push(`a pipe failed: ${(error as Error).stack}`);
      else if (!this.#isKilled) this.#problems.push('a pipe came to its end, and its worker was not killed');
    }
    here.close();
    this.waitsFor = 'the end of its task';
    try {
      await echoing;
    } catch (error) {
      if (!this.#isKilled) this.#problems.push(`an echo failed: ${(error as Error).stack}`);
    }
  }

  async #turn(here: Connection<Message>, sequence: number): Promise<void> {
    if (sequence % 53 === 0) {
      const [reader, writer] = Pipe<number>(false);
      this.waitsFor = `room for an end in message ${sequence}`;
      await here.send({ sequence, extra: writer });
      writer.close();
      this.waitsFor = `a message by the pipe of message ${sequence}`;
      try {
        if ((await reader.recv()) !== sequence) this.#problems.push('a wrong message came by a pipe that was passed on');
        this.waitsFor = `the end of the pipe of message ${sequence}`;
        await reader.recv();
        this.#problems.push('a message came after the last by a pipe that was passed on');
      } catch (error) {
        if (!(error instanceof EOFError)) throw error;
      } finally {
        reader.close();
      }
    } else {
      this.waitsFor = `room for message ${sequence}`;
      await here.send({ sequence, extra: sequence % 61 === 0 ? new Uint8Array(100_000).fill(7) : sequence });
    }
    this.waitsFor = `the reply to message ${sequence}`;
    const reply = await here.recv();
    if (reply.sequence !== sequence) this.#problems.push(`reply ${reply.sequence} came for message ${sequence}`);
    this.replies += 1;
  }

  /** For people: what it waits for, and the connection. */
  describe(): string {
    return `waits for ${this.waitsFor}${this.#isKilled ? ', killed' : ''} ${this.#here?.closed === false ? JSON.stringify(this.#here.statistics()) : ''}`;
  }

  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.#abort.abort();
  }
}
