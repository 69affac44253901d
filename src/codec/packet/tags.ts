/**
 * The first byte of every value in a message.
 *
 *   0x00..0x3f   the integer itself
 *   0x40..0x7f   a string of 0..63 one-byte characters, which follow
 *   0x80..       one of the tags below, then what its comment says
 *
 * `n` is an unsigned varint, `value` a whole value again. Objects are numbered in the order in which their tags stand;
 * `REF` names one of them, which is how shared references and cycles survive. A packet is its messages, then their
 * number in four bytes.
 */

export const INT_LIMIT = 0x40;
export const SHORT_TEXT = 0x40;
export const SHORT_TEXT_LIMIT = 0x40;

// Scalars
export const UNDEFINED = 0x80;
export const NULL = 0x81;
export const TRUE = 0x82;
export const FALSE = 0x83;
/** zigzag varint, 32 bits */
export const INT = 0x84;
/** 8 bytes, little-endian */
export const DOUBLE = 0x85;
/** n bytes of the magnitude, the highest first */
export const BIGINT = 0x86;
export const BIGINT_NEGATIVE = 0x87;
/** n, then n bytes: one a character */
export const LATIN1 = 0x88;
/** n, then 2n bytes: one UTF-16 unit each, lone surrogates included */
export const UTF16 = 0x89;
/** text: the key of a registered symbol */
export const SYMBOL_FOR = 0x8a;
/** text: the name of a symbol on `Symbol` */
export const SYMBOL_KNOWN = 0x8b;

// Structure
/** n: the number of an object met before */
export const REF = 0x90;
/** Stands where an array has no element or an object lost a key while it was read. */
export const HOLE = 0x91;
/** The object's content is too deep to be read here: it follows after the message's top value. */
export const LATER = 0x92;
/** Ends a list whose length may have changed while it was read. */
export const END = 0x93;
/** flags; the key follows: a property that is not enumerable */
export const HIDDEN_KEY = 0x94;

// Objects
/** shape, values: those of hidden properties come last, an accessor as its two functions */
export const OBJECT = 0x98;
/** as OBJECT, without prototype */
export const NULL_OBJECT = 0x99;
/** value: the prototype; shape, values */
export const DERIVED_OBJECT = 0x9a;
/** class; shape, values */
export const INSTANCE = 0x9b;
/** class; value: the built-in object it extends; shape, values: its own fields */
export const BUILTIN_INSTANCE = 0x9c;
/** n values, holes as HOLE; REST may stand for what is left */
export const ARRAY = 0x9d;
/** (index, value) pairs, then END */
export const REST = 0x9e;
/** value: an array or another built-in object; shape, values: its other properties */
export const WITH_FIELDS = 0x9f;
/** n numbers of equal width */
export const INT8S = 0xa0;
export const INT16S = 0xa1;
export const INT32S = 0xa2;
export const DOUBLES = 0xa3;
/** see texts.ts */
export const TEXTS = 0xad;
/** (key, value) pairs, then END */
export const MAP = 0xa4;
/** values, then END */
export const SET = 0xa5;
/** 8 bytes: a double */
export const DATE = 0xa6;
/** text: source; text: flags */
export const REGEXP = 0xa7;
/** value: the primitive */
export const BOXED = 0xa8;
/** see errors-as-values.ts */
export const ERROR = 0xa9;

// Memory
/** n bytes */
export const BUFFER_BYTES = 0xb0;
/** n: maximum; n bytes */
export const BUFFER_RESIZABLE = 0xb1;
/** n: index in the attachments */
export const ATTACHED = 0xb2;
/** n: index of memory in the attachments; n: how many of its first bytes the receiver copies */
export const LENT = 0xb6;
/** n, the number of bytes to skip (one byte), these, then n bytes that begin at a multiple of 16 bytes from the message's first */
export const BUFFER_ALIGNED = 0xb5;
/** kind; n bytes: a view on the whole of a buffer of its own */
export const VIEW_WHOLE = 0xb3;
/** kind; value: the buffer; n: offset; n: length + 1, or 0 if it follows the buffer's length */
export const VIEW = 0xb4;

// Functions, and what travels by name
/** value: early part; the late parts follow after the message's top value */
export const FUNCTION = 0xb8;
/** as FUNCTION, with a reducer among the late parts */
export const FUNCTION_WITH_REDUCER = 0xb9;
/** n: a class met in an earlier message of the packet */
export const CLASS_AGAIN = 0xba;
/** value: a name for the courier */
export const NAMED = 0xbb;
/** see reduced.ts */
export const REDUCED = 0xbc;

// Node's everyday classes
export const URL_OBJECT = 0xc0;
export const URL_SEARCH_PARAMS = 0xc1;
export const HEADERS = 0xc2;
export const TEXT_ENCODER = 0xc3;
/** text: encoding; value: fatal; value: ignoreBOM */
export const TEXT_DECODER = 0xc4;
/** text: id; TRUE and the reason if it is aborted, else FALSE */
export const ABORT_SIGNAL = 0xc5;
/** text: type; value: its export */
export const KEY_OBJECT = 0xc6;

// Handles
/** n: the block of a shared object */
export const SHARED_OBJECT = 0xc8;
/** value: a shared object; stands for the array over its memory */
export const SHARED_ARRAY = 0xca;
/** value: a shared object; stands for the buffer of the array over its memory */
export const SHARED_MEMORY = 0xcb;
/** value: by what the receiver knows an object; see named.ts */
export const NAMED_OBJECT = 0xcc;
/** text: id; value: the subclass or undefined; value: arguments; see thread-locals.ts */
export const THREAD_LOCAL = 0xc9;

/** Stands where a value may be, but is not. Read by `Decoding.valueOrHole` and `valueOrEnd`. */

/** An array has no element here, or an object lost the key. */
export const hole: symbol = Symbol('hole');
/** The rest of the array is sparse. */
export const rest: symbol = Symbol('rest');
/** The list is over. */
export const end: symbol = Symbol('end');
