/** The heads of messages between callers and workers. Their parts are packets of the codec. */

/** Where the modules are that packets name: the folder of the release, and heddle's own. */
export interface Home {
  /** URLs that end with a slash. */
  readonly release: string;
  readonly heddle: string;
}

/** A task. Parts: its function, its arguments or items, and the function and arguments of the initializer, if there is one. */
export interface TaskHead {
  readonly kind: 'call' | 'calls' | 'stream' | 'chunk' | 'broadcast';
  readonly caller: string;
  readonly number: number;
  /** Of a broadcast: the numbers of its tasks, one for each slot of the worker. */
  readonly numbers?: readonly number[];
  /** Of several calls of one function: number, id and attempt of each. The parts are the function, and the arguments of each. */
  readonly calls?: readonly (readonly [number: number, id: number, attempt: number])[];
  readonly id: number;
  readonly name: string;
  readonly attempt: number;
  readonly release: string;
  readonly home: Home;
  /** Modules of the function, and of the arguments. */
  readonly fnModules?: readonly string[];
  readonly argsModules?: readonly string[];
  readonly initModules?: readonly [readonly string[], readonly string[]];
  readonly timeout?: number;
  readonly priority?: number;
  /** True if its caller listens to its progress. */
  readonly tellsProgress?: boolean;
  readonly items?: { readonly from: number; readonly to: number; readonly isSpread: boolean };
}

/** Instead of a message: it is large, and lies in the store. */
export interface LargeHead {
  readonly large: string;
}

/** The messages of a worker to a caller. */
export type ReplyHead =
  | { readonly kind: 'begun'; readonly numbers: readonly number[]; readonly worker: string }
  | ({ readonly kind: 'ended'; readonly isOk: boolean; readonly ms?: number } & WithValue)
  | ({ readonly kind: 'chunk'; readonly ms: number; readonly failed: readonly number[] } & WithValue)
  | ({ readonly kind: 'values' } & WithValue)
  | { readonly kind: 'progress'; readonly number: number; readonly done: number; readonly total: number | null }
  | { readonly kind: 'overdue'; readonly number: number; readonly notBegun: number | null }
  | {
      readonly kind: 'lost';
      readonly number: number;
      readonly end: LostEnd;
      readonly why: string | null;
      readonly allowed: number | null;
      readonly message: string | null;
      readonly isAlone: boolean;
    }
  | { readonly kind: 'refused'; readonly number: number; readonly error: string; readonly code: string };

interface WithValue {
  readonly number: number;
  readonly home: Home;
  readonly modules?: readonly string[];
}

export interface LostEnd {
  readonly kind: 'thread' | 'process';
  readonly pid: number | null;
  readonly threadId: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** The messages of a caller to one worker. Part of an abort: its reason. */
export type CallHead =
  | { readonly kind: 'abort'; readonly caller: string; readonly number: number; readonly home: Home; readonly modules?: readonly string[] }
  | { readonly kind: 'taken'; readonly caller: string; readonly number: number; readonly total: number };

/** The data of a worker that joins. */
export interface WorkerRecord {
  readonly release: string;
  readonly slots: number;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds without a sign of it after which it is lost. */
  readonly lockDuration: number;
}
