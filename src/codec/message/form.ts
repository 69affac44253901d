/** The first byte of a message that stands alone: what follows it. */

/** Any value. */
export const GENERAL = 1;
/** Any value, then the keys of the modules it needs and the size of these. */
export const WITH_MODULES = 2;
