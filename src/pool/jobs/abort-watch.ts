/** Which jobs, or maps, a signal aborts. One listener a signal, however many share it. */

interface Watched<T> {
  readonly jobs: Set<T>;
  readonly onAbort: () => void;
}

export class AbortWatch<T> {
  readonly #watched: WeakMap<AbortSignal, Watched<T>> = new WeakMap();
  readonly #aborted: (job: T, reason: unknown) => void;

  constructor(aborted: (job: T, reason: unknown) => void) {
    this.#aborted = aborted;
  }

  watch(signal: AbortSignal, job: T): void {
    let watched = this.#watched.get(signal);
    if (watched === undefined) {
      const jobs = new Set<T>();
      const onAbort = (): void => {
        this.#watched.delete(signal);
        for (const each of jobs) this.#aborted(each, signal.reason);
      };
      watched = { jobs, onAbort };
      this.#watched.set(signal, watched);
      signal.addEventListener('abort', onAbort, { once: true });
    }
    watched.jobs.add(job);
  }

  forget(signal: AbortSignal, job: T): void {
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    watched.jobs.delete(job);
    if (watched.jobs.size > 0) return;
    signal.removeEventListener('abort', watched.onAbort);
    this.#watched.delete(signal);
  }
}
