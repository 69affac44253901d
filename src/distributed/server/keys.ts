/**
 * The names of keys of one queue at the server.
 *
 *   alive:CALLER     while the caller is heard of                   workers   what workers tell of themselves, by their ids
 *   marks:CALLER     two bits for each task: begun, over            beats     how often each worker was heard of
 *   claims:CALLER    number of a task → worker and its pick-up      running   how many tasks each worker has
 *   replies:CALLER   what workers tell it                           inbox:WORKER   what callers tell it
 */

export class Keys {
  readonly base: string;
  readonly workers: string;
  readonly beats: string;
  readonly running: string;
  /** Prefix of BullMQ's own keys. */
  readonly jobs: string;

  constructor(prefix: string, queue: string) {
    this.base = `${prefix}:tasks:{${queue}}:`;
    this.workers = `${this.base}workers`;
    this.beats = `${this.base}beats`;
    this.running = `${this.base}running`;
    this.jobs = `${prefix}:jobs:{${queue}}`;
  }

  replies(caller: string): string {
    return `${this.base}replies:${caller}`;
  }

  inbox(worker: string): string {
    return `${this.base}inbox:${worker}`;
  }

  /** Of values that do not travel in messages. */
  large(id: string): string {
    return `${this.base}large:${id}`;
  }
}

/** The purpose for which each message is signed. */
export const purposes = {
  task: (queue: string): string => `task ${queue}`,
  reply: (queue: string, caller: string): string => `reply ${queue} ${caller}`,
  call: (queue: string, worker: string): string => `call ${queue} ${worker}`,
};
