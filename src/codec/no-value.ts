/** What stands where a value may stand, but there is none. Read by `Decoding.valueOrHole` and `valueOrEnd`. */

/** An array has no element here, or an object lost the key. */
export const hole: symbol = Symbol('hole');
/** The rest of the array is sparse. */
export const rest: symbol = Symbol('rest');
/** The list is over. */
export const end: symbol = Symbol('end');
