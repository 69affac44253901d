/** The first byte of a message that stands alone: what follows it. */

/** A tree of plain objects, arrays and what needs no object; each object names its keys: what the flat reader knows. */
export const FLAT = 0;
/** Any value. */
export const GENERAL = 1;
/** Any value, then the keys of the modules it needs and the size of these. */
export const WITH_MODULES = 2;

/** Stands at the end of a packet in the place of the number of its messages: it has one, and that is flat. */
export const ONE_FLAT = 0x4000_0001;
