/** Property flags as one number. */

export const WRITABLE = 1;
const ENUMERABLE = 2;
export const CONFIGURABLE = 4;
export const ACCESSOR = 8;

export const flagsOf = ({ writable, enumerable, configurable, get, set }: PropertyDescriptor): number =>
  (writable === true ? WRITABLE : 0) |
  (enumerable === true ? ENUMERABLE : 0) |
  (configurable === true ? CONFIGURABLE : 0) |
  (get === undefined && set === undefined ? 0 : ACCESSOR);

export const withFlags = (flags: number): { enumerable: boolean; configurable: boolean } => ({
  enumerable: (flags & ENUMERABLE) !== 0,
  configurable: (flags & CONFIGURABLE) !== 0,
});
