/** Keeps Node from warning of a feature that heddle chose, while `use` runs (synchronously). */
export function withoutWarning<T>(type: string, use: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = ((...args: Parameters<typeof emitWarning>): void => {
    if (args[1] !== type) emitWarning.apply(process, args);
  }) as typeof emitWarning;
  try {
    return use();
  } finally {
    process.emitWarning = emitWarning;
  }
}
