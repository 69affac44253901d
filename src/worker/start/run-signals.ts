/**
 * AbortSignals that a `Process` or a `Thread` was given: the starter tells the child when one aborts.
 *
 *    starter   passAborts: a listener for each signal ══ SignalAborted ══▶ takeAborts   child
 *              ends with the child                                        begins when run() has been decoded
 *
 * A link exists only for a run that holds signals. The link keeps neither side alive.
 */

import type { Border, ExportedSignal } from '../../codec/index.ts';
import type { Frame } from '../link/frame.ts';
import type { Link } from '../link/link.ts';
import { SignalIntake } from '../inside/signal-intake.ts';
import { abortFrame, SignalWatch } from '../host/signals.ts';

/** For the starter: passes aborts on from now on. Returns what ends that. */
export function passAborts(signals: readonly ExportedSignal[], link: Link, border: Border): () => void {
  const watch = new SignalWatch((id, reason) => {
    link.send(abortFrame(id, reason, border));
    // A starter that blocks next has told it before.
    link.flush();
  });
  const stop = (): void => {
    watch.stop();
    link.parcels.drop();
    link.close();
  };
  link.open({ onFrame: () => {}, onEnd: () => watch.stop(), onUnsent: () => {} });
  link.unref();
  watch.watch(signals);
  return stop;
}

/**
 * For the child: receives aborts. They are kept until the returned function is called, which must be when the signals are there.
 *
 * @param onEnd called when the starter has closed the link, or has ended
 */
export function takeAborts(link: Link, border: Border, onEnd: () => void): () => void {
  const intake = new SignalIntake(border);
  let early: Frame[] | undefined = [];
  link.open({
    onFrame: (f) => {
      if (early === undefined) intake.fire(f);
      else early.push(f);
    },
    onEnd,
    onUnsent: () => {},
  });
  link.unref();
  return () => {
    for (const f of early ?? []) intake.fire(f);
    early = undefined;
  };
}
