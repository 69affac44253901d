/** The messages of the reporter inside a test process to the driver: one JSON line an event, in the file `HEDDLE_TEST_LOG`. */

export type LogLine =
  | { type: 'pass'; name: string; ms: number }
  | { type: 'fail'; name: string; ms: number; error: string }
  | { type: 'skip'; name: string; reason: string }
  /** A test began or ended: what runs when a file is killed is known from these. */
  | { type: 'begin' | 'end'; name: string }
  /** Every test has ended, but something keeps the process alive. */
  | { type: 'stuck'; resources: string[] }
  /** The event loop ran dry; `descriptors` says what is open then: how many of each kind. */
  | { type: 'done'; descriptors: Record<string, number> };
