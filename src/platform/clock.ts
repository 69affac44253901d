/** A clock that all threads and processes of this machine share. */

const { hrtime } = process;

/**
 * Milliseconds of the system's monotonic clock (CLOCK_MONOTONIC, which `process.hrtime` reads everywhere on Linux), as an integer of 32 bits that
 * goes round: only the difference of two, `(later - earlier) | 0`, means something, and that up to 24 days.
 */
export function sharedNow(): number {
  const [seconds, nanoseconds] = hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0;
}
