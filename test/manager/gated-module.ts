/** A module that is not loaded before a gate of its process opens, if there is one. */

interface Gated {
  gate?: Promise<void>;
  openGate?: () => void;
}

await (globalThis as Gated).gate;

export function gated(): string {
  return 'gated';
}
