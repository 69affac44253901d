/** Kinds of records between a manager and a client that share no memory; what `number` and `second` mean. */

export const wireKinds = {
  // To the manager.
  /** The call; the object. Value: the method and its arguments. */
  CALL: 1,
  /** The answer. Value: what a callback gave. */
  ANSWER: 2,
  /** The answer. Value: what a callback has thrown. */
  NO_ANSWER: 3,
  /** The object; how often it was sent here: that often it is held no more. */
  RELEASE: 4,
  /** The object: it is held once more. */
  HOLD: 5,
  /** The call: its wait ends. */
  ABORT: 6,

  // From the manager.
  /** The call. Value: what it gave. */
  RESULT: 16,
  /** The call. Value: what it has thrown. */
  FAILED: 17,
  /** The callback; the answer. Value: its arguments. */
  CALLBACK: 18,
  /** The callback: the manager cannot call it any more. */
  FORGET: 19,
} as const;
