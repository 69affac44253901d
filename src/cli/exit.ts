/** Exit codes: the contract with scripts that call heddle. */

export const EXIT = {
  /** All is done, or the reader of the results had enough. */
  done: 0,
  /** Some items failed, or something outside of heddle did; `doctor`: something essential is missing. */
  failed: 1,
  /** The command is wrong; nothing has run. */
  usage: 2,
  /** SIGINT; what was done is written. */
  interrupted: 130,
} as const;
