/** Signals that ask a process to stop. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Has `heard` called at each signal that asks to stop, in place of whoever listened before. Those go only after it has come: where
 * nobody listens, be it for a moment, node drops a signal that has arrived and waits for its turn.
 */
export function onStopSignal(heard: (signal: NodeJS.Signals) => void): void {
  for (const signal of SIGNALS) {
    const earlier = process.listeners(signal);
    process.on(signal, heard);
    for (const listener of earlier) process.removeListener(signal, listener);
  }
}
